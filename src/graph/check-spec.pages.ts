/** Pages compile what nets and trainers of this project make, and no other specs. */
export const checkSpec = () => {};
export const checkTensors = () => {};
export const checkForce = () => {};
