package vigie.agent.push;

import vigie.base.remotewrite.WriteRequest;

/**
 * Samples of one moment, as they wait in memory: the series' labels are shared with all batches
 * that have them.
 *
 * @param series labels in their wire form
 * @param values of each
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and shared on purpose
record Batch(long timestampMillis, byte[][] series, double[] values) {
  /** What it takes beside the labels: a value, a reference and a little. */
  long ownBytes() {
    return 64 + 12L * values.length;
  }

  byte[] encode(WriteRequest request) {
    for (int i = 0; i < values.length; i++) {
      request.add(series[i], values[i], timestampMillis);
    }
    return request.take();
  }
}
