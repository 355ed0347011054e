/** What is kept there is what tuning measured, and pages do not tune. */
export const pageCache = () => undefined;
