package vigie.agent.reader;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * /proc/net/sockstat and sockstat6: sockets by protocol, named as {@code TCP_inuse}; what is
 * counted in pages ({@code TCP_mem}) also in bytes ({@code TCP_mem_bytes}). Source: the kernel's
 * net/ipv4/proc.c and net/ipv6/proc.c.
 */
public final class SockstatReader implements AutoCloseable {
  private final KernelFile sockstat;
  private final KernelFile sockstat6;
  private final NamedValues values = new NamedValues();
  private final Roots roots;
  private double pageBytes;

  public SockstatReader(Roots roots) {
    this.roots = roots;
    sockstat = new KernelFile(roots.procfs().resolve("net/sockstat"));
    sockstat6 = new KernelFile(roots.procfs().resolve("net/sockstat6"));
  }

  /**
   * Reads anew. A kernel without IPv6 has no sockstat6.
   *
   * @throws IOException when a file that is there cannot be read
   */
  public NamedValues read() throws IOException {
    if (pageBytes == 0) {
      pageBytes = pageBytes();
    }
    values.clear();
    read(sockstat.readIfThere());
    read(sockstat6.readIfThere());
    return values;
  }

  private void read(@Nullable Bytes in) {
    while (in != null && in.line()) {
      if (!in.fieldBefore(':', false)) {
        continue;
      }
      String protocol = in.text();
      while (in.field()) {
        String what = in.text();
        double value = in.number();
        values.add(protocol, what, value);
        if (what.equals("mem")) {
          values.add(protocol, "mem_bytes", value * pageBytes);
        }
      }
    }
  }

  /**
   * The size of a page, which Java does not tell and which is 16 KiB on a Raspberry Pi 5: from the
   * first lines of /proc/self/smaps, or 4 KiB on a kernel without it.
   */
  private double pageBytes() {
    String path = roots.procfs() + "/self/smaps";
    Bytes in = new SmallFiles().open(path);
    while (in != null && in.line()) {
      if (in.field() && in.is("KernelPageSize:")) {
        double kilobytes = in.number();
        return kilobytes > 0 ? kilobytes * 1024 : 4096;
      }
    }
    return 4096;
  }

  @Override
  public void close() {
    sockstat.close();
    sockstat6.close();
  }
}
