package vigie.agent.reader;

import java.util.ArrayList;
import java.util.List;

/**
 * Links bound together under /sys/class/net: how many devices each has and how many of them are up.
 * Source: the kernel's Documentation/networking/bonding.rst.
 */
public final class BondingReader {
  private static final int MAX = 1024;

  private final SmallFiles files = new SmallFiles();
  private final String folder;

  public BondingReader(Roots roots) {
    folder = roots.sysfs() + "/class/net/";
  }

  /**
   * The bonds as they are now.
   *
   * @throws NoDataException where the kernel's module is not loaded
   */
  public List<Bond> read() throws NoDataException {
    String path = folder + "bonding_masters";
    if (!SmallFiles.exists(path)) {
      throw new NoDataException("no file " + path);
    }
    List<Bond> bonds = new ArrayList<>();
    for (String master : words(path)) {
      int up = 0;
      List<String> slaves = words(folder + master + "/bonding/slaves");
      for (String slave : slaves) {
        String state =
            files.text(folder + master + "/lower_" + slave + "/bonding_slave/mii_status");
        if (state.isEmpty()) { // before kernel 3.13
          state = files.text(folder + master + "/slave_" + slave + "/bonding_slave/mii_status");
        }
        if (state.equals("up")) {
          up++;
        }
      }
      bonds.add(new Bond(master, slaves.size(), up));
    }
    return bonds;
  }

  private List<String> words(String path) {
    List<String> words = new ArrayList<>();
    Bytes line = files.open(path);
    while (line != null && line.field() && words.size() < MAX) {
      words.add(line.text());
    }
    return words;
  }

  /** One bond. */
  public record Bond(String master, int slaves, int up) {}
}
