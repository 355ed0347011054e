/** Pages that paint leave every choice to the prior. */
export const chosen = () => undefined;
