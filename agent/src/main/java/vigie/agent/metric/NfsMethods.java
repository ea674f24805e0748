package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.NfsReader;

/** The procedures of a version of NFS: their names, and their counts in a line of the kernel. */
final class NfsMethods {
  /** RFC 1094, section 2.2. */
  static final List<String> VERSION_2 =
      List.of(
          ("Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link"
                  + " SymLink MkDir RmDir ReadDir FsStat")
              .split(" ", -1));

  /** RFC 1813, section 3. */
  static final List<String> VERSION_3 =
      List.of(
          ("Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove"
                  + " RmDir Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit")
              .split(" ", -1));

  /** In the place of a procedure that is not told. */
  private static final String NOT_TOLD = "-";

  private final Family family;
  private final List<@Nullable Labels> labels = new ArrayList<>();

  /**
   * @param methods the procedures in the kernel's order, {@code -} for one that is not told
   */
  NfsMethods(Family family, String version, List<String> methods) {
    this.family = family;
    for (String method : methods) {
      labels.add(method.equals(NOT_TOLD) ? null : Labels.of("method", method, "proto", version));
    }
  }

  /** The same procedures, but the first is not told: it does nothing. */
  static List<String> withoutNull(List<String> methods) {
    List<String> others = new ArrayList<>(methods);
    others.set(0, NOT_TOLD);
    return others;
  }

  /** Adds the count of each procedure from a line that begins with how many counts follow. */
  void add(NfsReader reader, String line) {
    for (int i = 0; i < labels.size(); i++) {
      Labels of = labels.get(i);
      if (of != null) {
        double count = reader.number(line, i + 1);
        // A kernel that does not know the procedure, or the version, never had a call of it.
        family.add(of, Double.isNaN(count) ? 0 : count);
      }
    }
  }
}
