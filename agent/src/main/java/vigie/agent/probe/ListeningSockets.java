package vigie.agent.probe;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The listening sockets of this host, as {@code /proc/net/tcp} and {@code tcp6} list them, or its
 * UDP sockets without a peer. Read once a second, so it reuses its buffers and makes no object per
 * line. An IPv4 address is kept as ::ffff:a.b.c.d, two longs. Not safe for several threads.
 *
 * <pre>
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm-&gt;when retrnsmt   uid  timeout inode
 *    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 …
 * </pre>
 *
 * Each 32-bit word of an address is printed in the byte order of the host.
 */
final class ListeningSockets implements AutoCloseable {
  private static final int LISTEN = 0x0A;
  private static final int CLOSE = 0x07;
  private static final long MAPPED = 0xFFFFL << 32;
  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  // A host with more listening sockets than this is watched by the active runs alone.
  private static final int MOST = 65_536;

  private final Table[] tables;
  private final UnixListeners unix;
  private boolean unixIsRead;
  private boolean unixIsKnown;
  private final int wanted;
  private final ByteBuffer buffer = ByteBuffer.allocate(16 * 1024);
  private final byte[] line = new byte[256];
  private long[] highs = new long[32];
  private long[] lows = new long[32];
  private int[] ports = new int[32];
  private long[] inodes = new long[32];
  private long[] queues = new long[32];
  private int size;

  ListeningSockets(Path procfs) {
    this(procfs, "tcp", LISTEN);
  }

  private ListeningSockets(Path procfs, String protocol, int wanted) {
    Path net = procfs.resolve("net");
    tables = new Table[] {new Table(net.resolve(protocol)), new Table(net.resolve(protocol + "6"))};
    this.wanted = wanted;
    this.unix = new UnixListeners(procfs);
  }

  /** The UDP sockets that take packets from anybody, as {@code /proc/net/udp} lists them. */
  static ListeningSockets udp(Path procfs) {
    return new ListeningSockets(procfs, "udp", CLOSE);
  }

  /**
   * Takes the present state in.
   *
   * @throws IOException if neither table can be read
   */
  void read() throws IOException {
    size = 0;
    unixIsRead = false;
    for (Table table : tables) {
      table.read();
    }
  }

  /**
   * Whether a stream socket listens on a path. The first question after {@link #read} reads the
   * table, so that a host without such a probe has no cost of it.
   */
  Probe.Listens unix(String path) {
    if (!unixIsRead) {
      unixIsRead = true;
      try {
        unix.read();
        unixIsKnown = true;
      } catch (IOException e) {
        unixIsKnown = false;
      }
    }
    if (!unixIsKnown) {
      return Probe.Listens.UNKNOWN;
    }
    return unix.has(path) ? Probe.Listens.YES : Probe.Listens.NO;
  }

  /** How many there are. */
  int size() {
    return size;
  }

  int port(int index) {
    return ports[index];
  }

  long inode(int index) {
    return inodes[index];
  }

  /**
   * What waits to be taken: connections that nobody has accepted yet, or for UDP bytes with what
   * the kernel needs to keep them. The kernel calls it rx_queue.
   */
  long queue(int index) {
    return queues[index];
  }

  /** Its address; the wildcard of IPv6 usually takes IPv4 as well. */
  InetAddress address(int index) {
    byte[] bytes = ByteBuffer.allocate(16).putLong(highs[index]).putLong(lows[index]).array();
    try {
      // Gives an Inet4Address where the sixteen bytes are a mapped one.
      return InetAddress.getByAddress(bytes);
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException("BUG: sixteen bytes are no address", e);
    }
  }

  /** The first socket that takes connections to this address and port, or -1. */
  int find(long high, long low, int port) {
    for (int i = 0; i < size; i++) {
      if (ports[i] == port && takes(i, high, low)) {
        return i;
      }
    }
    return -1;
  }

  /** Whether this socket takes what comes to an address of its port. */
  boolean takes(int i, long high, long low) {
    boolean any6 = highs[i] == 0 && lows[i] == 0;
    boolean any4 = highs[i] == 0 && lows[i] == MAPPED && isMapped(high, low);
    return any6 || any4 || (highs[i] == high && lows[i] == low);
  }

  private static boolean isMapped(long high, long low) {
    return high == 0 && low >>> 32 == 0xFFFF;
  }

  /** The upper half of an address as this class keeps it. */
  static long high(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == 4 ? 0 : ByteBuffer.wrap(bytes).getLong(0);
  }

  /** The lower half. */
  static long low(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == 4
        ? MAPPED | (ByteBuffer.wrap(bytes).getInt(0) & 0xFFFFFFFFL)
        : ByteBuffer.wrap(bytes).getLong(8);
  }

  @Override
  public void close() {
    for (Table table : tables) {
      table.close();
    }
  }

  private void add(long high, long low, int port, long queue, long inode) {
    if (size == ports.length) {
      highs = Arrays.copyOf(highs, size * 2);
      lows = Arrays.copyOf(lows, size * 2);
      ports = Arrays.copyOf(ports, size * 2);
      inodes = Arrays.copyOf(inodes, size * 2);
      queues = Arrays.copyOf(queues, size * 2);
    }
    highs[size] = high;
    lows[size] = low;
    ports[size] = port;
    inodes[size] = inode;
    queues[size] = queue;
    size++;
  }

  /**
   * Takes a line of a table. False where it is no listening TCP socket's: the kernel lists those
   * first, so the rest, which may be long, need not be read.
   */
  private boolean take(int length) {
    int at = skipBlanks(0, length);
    at = skipWord(at, length);
    at = skipBlanks(at, length);
    int colon = at;
    while (colon < length && line[colon] != ':') {
      colon++;
    }
    int digits = colon - at;
    if (digits != 8 && digits != 32) {
      return true; // the heading
    }
    int afterRemote = skipWord(skipBlanks(skipWord(at, length), length), length);
    int state = (int) hex(skipBlanks(afterRemote, length), 2);
    if (state != wanted) {
      return wanted != LISTEN;
    }
    int word = skipBlanks(afterRemote, length);
    word = skipBlanks(skipWord(word, length), length);
    long queue = hex(word + 9, 8); // after tx_queue and a colon
    for (int i = 0; i < 5; i++) {
      word = skipBlanks(skipWord(word, length), length);
    }
    long high = digits == 8 ? 0 : word(at) << 32 | word(at + 8);
    long low = digits == 8 ? MAPPED | word(at) : word(at + 16) << 32 | word(at + 24);
    add(high, low, (int) hex(colon + 1, 4), queue, decimal(word, length));
    return size < MOST;
  }

  private long word(int at) {
    int value = (int) hex(at, 8);
    return (LITTLE ? Integer.reverseBytes(value) : value) & 0xFFFFFFFFL;
  }

  private long hex(int at, int digits) {
    long value = 0;
    for (int i = at; i < at + digits && i < line.length; i++) {
      value = value << 4 | Math.max(0, Character.digit(line[i], 16));
    }
    return value;
  }

  private long decimal(int at, int length) {
    long value = 0;
    for (int i = at; i < length && line[i] >= '0' && line[i] <= '9'; i++) {
      value = value * 10 + line[i] - '0';
    }
    return value;
  }

  private int skipBlanks(int at, int length) {
    int i = at;
    while (i < length && line[i] == ' ') {
      i++;
    }
    return i;
  }

  private int skipWord(int at, int length) {
    int i = at;
    while (i < length && line[i] != ' ') {
      i++;
    }
    return i;
  }

  /** One of the two files, kept open: the kernel writes it anew when it is read from its start. */
  private final class Table {
    private final Path path;
    private @Nullable FileChannel channel;

    Table(Path path) {
      this.path = path;
    }

    void read() throws IOException {
      try {
        FileChannel file = channel;
        if (file == null) {
          file = FileChannel.open(path, StandardOpenOption.READ);
          channel = file;
        }
        read(file);
      } catch (NoSuchFileException e) {
        if (!path.toString().endsWith("6")) { // which a kernel without IPv6 lacks
          throw e;
        }
      } catch (IOException e) {
        close(); // An interrupt closes it for good: the next read opens it anew.
        throw e;
      }
    }

    private void read(FileChannel file) throws IOException {
      file.position(0);
      int length = 0;
      buffer.clear();
      while (file.read(buffer) > 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          byte b = buffer.get();
          if (b != '\n') {
            if (length < line.length) {
              line[length++] = b;
            }
          } else {
            if (!take(length)) {
              return;
            }
            length = 0;
          }
        }
        buffer.clear();
      }
    }

    void close() {
      FileChannel file = channel;
      channel = null;
      if (file != null) {
        try {
          file.close();
        } catch (IOException e) {
          // It was only read from; there is nothing to lose.
        }
      }
    }
  }
}
