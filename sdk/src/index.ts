/** The version of the SDK, as in its package.json. */
export const VERSION: string = '0.1.0';
