import type * as full from './profile.js';

/** No kernel that pages load shares loads by lanes; speeds only decide where a submit is cut, and its arithmetic says where. */
export const profileOf: typeof full.profileOf = ({ vendor, architecture, device, description, isFallback }) => {
  const name = description || device || `${vendor} ${architecture}`.trim() || 'gpu';
  const software = isFallback || /swiftshader|llvmpipe|lavapipe|basic render|warp/i.test(`${architecture} ${name}`);
  return { kind: software ? 'cpu' : 'gpu', name, vendor, subgroupSize: null, gflops: software ? 5 : 500, gbps: 0 };
};
