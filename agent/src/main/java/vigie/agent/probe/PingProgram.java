package vigie.agent.probe;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The {@code ping} of this machine. iputils' can go on and tell each answer that lacks ({@code
 * -O}); busybox's can't, so it is only asked for one packet at a time.
 *
 * @param command how it is called
 */
record PingProgram(List<String> command, boolean isBusybox) {
  static final String MISSING = "ping is missing: apt install iputils-ping";
  private static final String FOLDERS = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin";

  /** The first in the folders of {@code PATH}, then in the usual ones; null where none is. */
  static @Nullable PingProgram find() {
    String path = System.getenv("PATH");
    for (String name : List.of("ping", "busybox")) {
      for (String folder : (path == null ? FOLDERS : path + ":" + FOLDERS).split(":", -1)) {
        Path program = Path.of(folder, name);
        if (folder.startsWith("/") && Files.isExecutable(program)) {
          return at(program);
        }
      }
    }
    return null;
  }

  /** The one at a path; a link to busybox is busybox's. */
  static PingProgram at(Path program) {
    try {
      if (!String.valueOf(program.toRealPath().getFileName()).startsWith("busybox")) {
        return new PingProgram(List.of(program.toString()), false);
      }
    } catch (IOException e) {
      return new PingProgram(List.of(program.toString()), false);
    }
    return new PingProgram(
        program.endsWith("busybox")
            ? List.of(program.toString(), "ping")
            : List.of(program.toString()),
        true);
  }

  /** Why it cannot do what a module asks for; empty if it can. */
  String cannot(IcmpModule module) {
    return isBusybox && module.dontFragment()
        ? "busybox's ping knows no dont_fragment: apt install iputils-ping"
        : "";
  }

  /** One packet; it ends by itself after {@code timeout} without a reply. */
  List<String> once(IcmpModule module, InetAddress to, Duration timeout) {
    List<String> all = new ArrayList<>(command);
    long seconds = Math.max(1, timeout.plusMillis(999).toSeconds());
    all.addAll(List.of("-c", "1", "-W", String.valueOf(seconds)));
    return options(all, module, to);
  }

  /**
   * A packet at each interval. It writes a line at least that often, so that it is ended by the
   * closed pipe when its reader is gone, however that happened.
   */
  List<String> forEver(IcmpModule module, InetAddress to, Duration every) {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of("-O", "-i", String.format(Locale.ROOT, "%.3f", every.toNanos() / 1e9)));
    return options(all, module, to);
  }

  private List<String> options(List<String> all, IcmpModule module, InetAddress to) {
    if (!isBusybox) {
      all.add("-n");
    }
    all.addAll(List.of("-s", String.valueOf(module.payloadBytes())));
    all.addAll(List.of("-t", String.valueOf(module.ttl())));
    if (module.dontFragment()) {
      all.addAll(List.of("-M", "do"));
    }
    InetAddress source = module.addresses().source();
    if (source != null) {
      all.addAll(List.of("-I", source.getHostAddress()));
    }
    all.add(to.getHostAddress());
    return List.copyOf(all);
  }
}
