package vigie.agent.ship;

/**
 * What was sent in one session and is not answered, by txnr, in order. Answers may come in any
 * order; only the answered ones in front leave. Owned by one thread.
 */
final class Window {
  private final long[] seqs;
  private final int[] sizes;
  private final boolean[] answered;
  private int firstTxnr;
  private int first;
  private int count;
  private long bytes;

  Window(int records) {
    seqs = new long[records];
    sizes = new int[records];
    answered = new boolean[records];
  }

  int count() {
    return count;
  }

  long bytes() {
    return bytes;
  }

  /** Room for so many more. */
  int room() {
    return seqs.length - count;
  }

  /** Adds a record whose txnr is one more than the last one's. */
  void add(int txnr, long seq, int size) {
    if (count == 0) {
      firstTxnr = txnr;
    }
    int at = (first + count) % seqs.length;
    seqs[at] = seq;
    sizes[at] = size;
    answered[at] = false;
    count++;
    bytes += size;
  }

  /** The seq that was sent under this txnr; -1 if no answer to it is due. */
  long seqOf(int txnr) {
    int offset = txnr - firstTxnr;
    if (offset < 0 || offset >= count || answered[(first + offset) % seqs.length]) {
      return -1;
    }
    return seqs[(first + offset) % seqs.length];
  }

  /** Marks it; {@link #seqOf} must have known it. */
  void answer(int txnr) {
    answered[(first + txnr - firstTxnr) % seqs.length] = true;
  }

  /** Drops the answered ones in front and gives the highest seq among them, 0 if there is none. */
  long advance() {
    long highest = 0;
    while (count > 0 && answered[first]) {
      highest = Math.max(highest, seqs[first]);
      bytes -= sizes[first];
      first = (first + 1) % seqs.length;
      firstTxnr++;
      count--;
    }
    return highest;
  }
}
