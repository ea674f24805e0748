package vigie.agent.reader;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** /sys/class/net: the settings and state of each network device. */
public final class LinkReader {
  /** The attributes that are numbers, and the files they stand in. */
  public enum Attribute {
    ADDRESS_ASSIGN_TYPE("addr_assign_type"),
    CARRIER("carrier"),
    CARRIER_CHANGES("carrier_changes"),
    CARRIER_UP("carrier_up_count"),
    CARRIER_DOWN("carrier_down_count"),
    DEVICE_ID("dev_id"),
    DORMANT("dormant"),
    FLAGS("flags"),
    INDEX("ifindex"),
    LINK("iflink"),
    LINK_MODE("link_mode"),
    MTU_BYTES("mtu"),
    NAME_ASSIGN_TYPE("name_assign_type"),
    GROUP("netdev_group"),
    PROTOCOL_TYPE("type"),
    /** In Mbit/s, -1 when unknown. */
    SPEED("speed"),
    QUEUE_LENGTH("tx_queue_len");

    private final String file;

    Attribute(String file) {
      this.file = file;
    }
  }

  private static final Attribute[] ATTRIBUTES = Attribute.values();
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
      if (!Double.isNaN(link.value(Attribute.INDEX))) {
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
    private final String[] paths = new String[ATTRIBUTES.length];
    private final double[] values = new double[ATTRIBUTES.length];
    private final String[] textPaths = new String[TEXTS.length];
    private final String[] texts = new String[TEXTS.length];

    Link(String name, String prefix) {
      this.name = name;
      for (Attribute attribute : ATTRIBUTES) {
        paths[attribute.ordinal()] = prefix + attribute.file;
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
        } else if (i == Attribute.FLAGS.ordinal() || i == Attribute.DEVICE_ID.ordinal()) {
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
    public double value(Attribute attribute) {
      return values[attribute.ordinal()];
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
