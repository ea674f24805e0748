package vigie.agent.probe;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Starts and kills the programs that probes run: no shell, nothing on standard input, and of the
 * environment, which may hold secrets of the agent, only {@code PATH} and {@code LC_ALL=C}.
 */
final class ChildProcess {
  private static final File NOTHING = new File("/dev/null");
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final int KILL_ROUNDS = 3;

  private ChildProcess() {}

  /** A builder of a process with that environment and both outputs to be read. */
  static ProcessBuilder builder(List<String> command, Map<String, String> environment) {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(new File("/")).redirectInput(NOTHING);
    Map<String, String> its = builder.environment();
    its.clear();
    its.put("PATH", PATH);
    its.put("LC_ALL", "C");
    its.putAll(environment);
    return builder;
  }

  /**
   * Whether it is this machine that lacks something at the moment: EAGAIN, ENOMEM, ENFILE, EMFILE.
   */
  static boolean isOurOwn(IOException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.contains("error=11,")
        || message.contains("error=12,")
        || message.contains("error=23,")
        || message.contains("error=24,");
  }

  /** The kernel's words: {@code Cannot run program "/x": error=2, No such file …} to its end. */
  static String words(IOException failure) {
    String message = String.valueOf(failure.getMessage());
    int error = message.lastIndexOf("error=");
    int comma = message.indexOf(", ", Math.max(0, error));
    String words = error >= 0 && comma > 0 ? message.substring(comma + 2) : message;
    return words.isEmpty()
        ? failure.getClass().getSimpleName()
        : words.substring(0, 1).toLowerCase(Locale.ROOT) + words.substring(1);
  }

  /**
   * Kills a program and all its descendants: itself first, so that it starts nothing more; what the
   * others started meanwhile is found in the next round. A descendant that has become a daemon
   * before, by two forks, is nobody's any more and stays.
   */
  static void kill(Process process) {
    List<ProcessHandle> tree = process.descendants().toList();
    process.destroyForcibly();
    for (int round = 0; round < KILL_ROUNDS && !tree.isEmpty(); round++) {
      List<ProcessHandle> below = new ArrayList<>();
      for (ProcessHandle each : tree) {
        below.addAll(each.descendants().toList());
        each.destroyForcibly();
      }
      below.removeAll(tree);
      tree = below;
    }
  }
}
