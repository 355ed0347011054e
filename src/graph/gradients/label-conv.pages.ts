/** No net of a page looks labels up: see nets/labelled.pages.ts. */
export const labelGradients = {};
