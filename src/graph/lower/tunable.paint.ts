/** Only what chooses asks, and pages that paint leave the choice to the prior. */
export const tunableOf = () => undefined;
