package vigie.agent.reader;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * /proc/pressure: how long work waited for processor, memory, disks and interrupts. Source: the
 * kernel's Documentation/accounting/psi.rst.
 */
public final class PressureReader implements AutoCloseable {
  /** The resources, in the order of their indices. Interrupts are told since kernel 6.1. */
  public static final int CPU = 0, IO = 1, MEMORY = 2, IRQ = 3;

  private static final List<String> NAMES = List.of("cpu", "io", "memory", "irq");
  private static final double MICROS = 1e6;

  private final List<KernelFile> files;
  private final double[] some = new double[NAMES.size()];
  private final double[] full = new double[NAMES.size()];

  public PressureReader(Roots roots) {
    files =
        NAMES.stream()
            .map(name -> new KernelFile(roots.procfs().resolve("pressure").resolve(name)))
            .toList();
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException where this kernel does not measure pressure, or not without {@code
   *     psi=1} on its command line
   */
  public void read() throws IOException {
    boolean any = false;
    for (int i = 0; i < files.size(); i++) {
      some[i] = full[i] = Double.NaN;
      Bytes in = read(files.get(i));
      any |= in != null;
      while (in != null && in.line()) {
        if (in.field()) {
          double[] into = in.is("full") ? full : some;
          into[i] = total(in);
        }
      }
    }
    if (!any) {
      throw new NoDataException("this kernel does not measure pressure; psi=1 at boot may help");
    }
  }

  private static @Nullable Bytes read(KernelFile file) {
    try {
      return file.readIfThere();
    } catch (IOException switchedOff) {
      // The kernel answers "not supported" where it could measure but was not told to.
      return null;
    }
  }

  private static double total(Bytes in) {
    while (in.fieldBefore('=', false)) {
      if (in.is("total")) {
        return in.number() / MICROS;
      }
      in.field();
    }
    return Double.NaN;
  }

  /** Seconds since boot in which at least one task waited; NaN where not told. */
  public double someSeconds(int resource) {
    return some[resource];
  }

  /** Seconds since boot in which all tasks waited; NaN where not told. */
  public double fullSeconds(int resource) {
    return full[resource];
  }

  @Override
  public void close() {
    files.forEach(KernelFile::close);
  }
}
