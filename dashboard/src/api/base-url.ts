/** Where the API is: the dashboard is served beside it, under whatever path a proxy has put in front. */
export const baseUrl: string = new URL('..', document.baseURI).href.replace(/\/$/, '');
