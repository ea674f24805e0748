package vigie.agent.probe;

/** The newest results of a probe since its last change, each one bit: at most 64. Not shared. */
final class Window {
  private final int of;
  private long bits;
  private int size;

  Window(int of) {
    this.of = of;
  }

  void add(boolean bad) {
    bits = bits << 1 | (bad ? 1 : 0);
    size = Math.min(size + 1, of);
  }

  int bad() {
    return Long.bitCount(bits & (of == Long.SIZE ? -1 : (1L << of) - 1));
  }

  int good() {
    return size - bad();
  }

  /** What was before a change of state says nothing about the next one. */
  void clear() {
    bits = 0;
    size = 0;
  }
}
