/** The colours that classify: what each looks like is in the styles. */
export type Tone = 'neutral' | 'accent' | 'good' | 'warn' | 'danger' | 'blue' | 'violet' | 'rose';
