package vigie.collector.promql;

import java.util.Arrays;
import vigie.collector.label.Labels;

/** Numbers groups of label sets from 0, in the order they come, without building their labels. */
final class Groups {
  private final GroupKey key;
  private Labels[] first;
  private int[] hashes;
  private int[] table;
  private int size;

  Groups(GroupKey key, int expected) {
    this.key = key;
    int capacity = Integer.highestOneBit(Math.max(8, expected) * 2 - 1) * 2;
    this.table = new int[capacity];
    this.first = new Labels[Math.max(8, expected)];
    this.hashes = new int[first.length];
  }

  /** The number of the group that these labels are of. */
  int of(Labels labels) {
    int hash = key.hash(labels);
    int slot = hash & (table.length - 1);
    while (table[slot] != 0) {
      int group = table[slot] - 1;
      if (hashes[group] == hash && key.same(first[group], labels)) {
        return group;
      }
      slot = (slot + 1) & (table.length - 1);
    }
    if (size == first.length) {
      grow();
      slot = free(hash);
    }
    first[size] = labels;
    hashes[size] = hash;
    table[slot] = size + 1;
    return size++;
  }

  private void grow() {
    first = Arrays.copyOf(first, 2 * size);
    hashes = Arrays.copyOf(hashes, 2 * size);
    if (4 * size > table.length) {
      table = new int[2 * table.length];
      for (int group = 0; group < size; group++) {
        table[free(hashes[group])] = group + 1;
      }
    }
  }

  private int free(int hash) {
    int slot = hash & (table.length - 1);
    while (table[slot] != 0) {
      slot = (slot + 1) & (table.length - 1);
    }
    return slot;
  }

  int size() {
    return size;
  }

  /** The labels that all of the group have in common. */
  Labels labels(int group) {
    return key.project(first[group]);
  }
}
