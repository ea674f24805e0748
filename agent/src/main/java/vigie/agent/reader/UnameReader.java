package vigie.agent.reader;

import java.util.Locale;

/** /proc/sys/kernel: what uname(2) answers, but for the machine on kernels before 6.1. */
public final class UnameReader {
  private final SmallFiles files = new SmallFiles();
  private final String folder;
  private final String fallbackMachine;

  /**
   * @param osArch the JVM's {@code os.arch}, from which the machine is told on kernels that have no
   *     {@code /proc/sys/kernel/arch}
   */
  public UnameReader(Roots roots, String osArch) {
    folder = roots.procfs() + "/sys/kernel/";
    fallbackMachine = machine(osArch);
  }

  /** The kernel's answers now. A part that cannot be read is empty. */
  public Uname read() {
    String arch = files.text(folder + "arch");
    return new Uname(
        files.text(folder + "ostype"),
        files.text(folder + "hostname"),
        files.text(folder + "osrelease"),
        files.text(folder + "version"),
        arch.isEmpty() ? fallbackMachine : arch,
        files.text(folder + "domainname"));
  }

  /** The kernel's word for the JVM's: {@code x86_64} for {@code amd64}. */
  static String machine(String osArch) {
    return switch (osArch.toLowerCase(Locale.ROOT)) {
      case "amd64" -> "x86_64";
      case "x86", "i386" -> "i686";
      case "arm" -> "armv6l"; // the least that Java 17 runs on
      default -> osArch;
    };
  }

  /** The six parts of uname(2). */
  public record Uname(
      String system, String node, String release, String version, String machine, String domain) {}
}
