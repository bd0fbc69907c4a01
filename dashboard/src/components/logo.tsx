/** Cubby's mark: four compartments, one of them in use. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="logo">
      <rect width="32" height="32" rx="8" />
      <path d="M8 9.500A1.500 1.500 0 0 1 9.500 8h5.250v7.250H8zM17.250 8h5.250A1.500 1.500 0 0 1 24 9.500v5.750h-6.750zM8 17.750h6.750V24H9.500A1.500 1.500 0 0 1 8 22.500z" />
      <path d="M17.250 17.750H24v4.750a1.500 1.500 0 0 1-1.500 1.500h-5.250z" />
    </svg>
  );
}
