package vigie.agent.reader;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** /sys/class/net: the settings and state of each network device. */
public final class LinkReader {
  /** The attributes that are numbers; the speed is in Mbit/s, -1 when unknown. */
  public static final int ADDRESS_ASSIGN_TYPE = 0,
      CARRIER = 1,
      CARRIER_CHANGES = 2,
      CARRIER_UP = 3,
      CARRIER_DOWN = 4,
      DEVICE_ID = 5,
      DORMANT = 6,
      FLAGS = 7,
      INDEX = 8,
      LINK = 9,
      LINK_MODE = 10,
      MTU_BYTES = 11,
      NAME_ASSIGN_TYPE = 12,
      GROUP = 13,
      PROTOCOL_TYPE = 14,
      SPEED = 15,
      QUEUE_LENGTH = 16;

  private static final String[] FILES = {
    "addr_assign_type",
    "carrier",
    "carrier_changes",
    "carrier_up_count",
    "carrier_down_count",
    "dev_id",
    "dormant",
    "flags",
    "ifindex",
    "iflink",
    "link_mode",
    "mtu",
    "name_assign_type",
    "netdev_group",
    "type",
    "speed",
    "tx_queue_len"
  };
  private static final String[] TEXTS = {"address", "broadcast", "duplex", "ifalias", "operstate"};
  private static final int MAX_DEVICES = 4096;

  private final String folder;
  private final SmallFiles files = new SmallFiles();
  private Map<String, Link> known = new HashMap<>();
  private List<Link> links = List.of();

  public LinkReader(Roots roots) {
    folder = roots.sysfs() + "/class/net";
  }

  /** Reads anew; without /sys there are no links. */
  public void read() {
    String[] names = SmallFiles.list(folder);
    Map<String, Link> found = new HashMap<>();
    List<Link> list = new ArrayList<>(names.length);
    for (String name : names) {
      if (list.size() == MAX_DEVICES || isFile(name)) {
        continue;
      }
      Link link = known.getOrDefault(name, new Link(name, folder + "/" + name + "/"));
      link.read(files);
      if (!Double.isNaN(link.value(INDEX))) {
        found.put(name, link);
        list.add(link);
      }
    }
    known = found;
    links = list;
  }

  private static boolean isFile(String name) {
    // The bonding driver puts a file among the devices.
    return name.equals("bonding_masters");
  }

  /** The devices by name, overwritten by the next reading. */
  public List<Link> links() {
    return links;
  }

  /** One network device. */
  public static final class Link {
    private final String name;
    private final String[] paths = new String[FILES.length];
    private final double[] values = new double[FILES.length];
    private final String[] textPaths = new String[TEXTS.length];
    private final String[] texts = new String[TEXTS.length];

    Link(String name, String prefix) {
      this.name = name;
      for (int i = 0; i < FILES.length; i++) {
        paths[i] = prefix + FILES[i];
      }
      for (int i = 0; i < TEXTS.length; i++) {
        textPaths[i] = prefix + TEXTS[i];
      }
    }

    private void read(SmallFiles files) {
      for (int i = 0; i < paths.length; i++) {
        Bytes line = files.open(paths[i]);
        if (line == null) {
          values[i] = Double.NaN;
        } else if (i == FLAGS || i == DEVICE_ID) {
          values[i] = line.hexadecimal();
        } else {
          values[i] = line.signed();
        }
      }
      for (int i = 0; i < TEXTS.length; i++) {
        texts[i] = files.text(textPaths[i]);
      }
    }

    public String name() {
      return name;
    }

    /** The attribute's number; NaN where the device has none, as the speed of a link down. */
    public double value(int attribute) {
      return values[attribute];
    }

    public String address() {
      return texts[0];
    }

    public String broadcast() {
      return texts[1];
    }

    public String duplex() {
      return texts[2];
    }

    public String alias() {
      return texts[3];
    }

    /** {@code up}, {@code down}, {@code unknown} and so on; empty where not told. */
    public String state() {
      return texts[4];
    }
  }
}
