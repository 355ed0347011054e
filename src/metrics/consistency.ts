// Agreement of two label maps: what a segmentation net sees in a picture, and what the picture was painted from.

export interface Consistency {
  /** Share of pixels that agree. */
  accuracy: number;
  /** Mean over the classes that occur in the labels of pixels in both by pixels in either. */
  meanIoU: number;
}

export interface Agreement {
  /**
   * Ids [H, W] below the number of classes, or that number in `seen` where nothing was recognised; pixels whose label is `ignored` do not
   * count.
   */
  add(labels: Int32Array, seen: Int32Array): void;
  result(): Consistency;
}

/** Sums up over any number of pictures, so that a class counts once for all of them, as in Cityscapes' benchmark. */
export function agreement(classes: number, ignored?: number): Agreement {
  const both = new Float64Array(classes);
  const labelled = new Float64Array(classes);
  const recognised = new Float64Array(classes + 1);
  return {
    add(labels, seen) {
      labels.forEach((label, i) => {
        if (label === ignored) return;
        labelled[label]!++;
        recognised[seen[i]!]!++;
        if (label === seen[i]) both[label]!++;
      });
    },
    result() {
      const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
      const present = [...labelled.keys()].filter((id) => labelled[id]! > 0);
      const overlaps = present.map((id) => both[id]! / (labelled[id]! + recognised[id]! - both[id]!));
      return { accuracy: sum(both) / sum(labelled), meanIoU: sum(overlaps) / present.length };
    },
  };
}
