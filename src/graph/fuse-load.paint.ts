/** Only gradients load through a hook. */
export const intoLoad = () => {};
