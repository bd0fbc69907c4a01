import { useCallback, useMemo } from 'react';
import { useHashLocation } from 'wouter/use-hash-location';
import { formatRoute, parseRoute, type Route } from './route.ts';

/** The route of the address bar, and how to go to another one; `replace` leaves no step to come back to. */
export function useRoute(): [Route, (route: Route, options?: { replace?: boolean }) => void] {
  const [location, navigate] = useHashLocation();
  const route = useMemo(() => parseRoute(location), [location]);
  const go = useCallback(
    (to: Route, options?: { replace?: boolean }) => navigate(formatRoute(to), options),
    [navigate],
  );
  return [route, go];
}

/** What a link to a route has as its href. */
export function hrefOf(route: Route): string {
  return `#${formatRoute(route)}`;
}
