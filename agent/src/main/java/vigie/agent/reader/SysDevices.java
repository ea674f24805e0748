package vigie.agent.reader;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A folder below /sys with an entry for each device, such as /sys/class/watchdog, and chosen
 * attributes of each as numbers or text.
 *
 * <p>The folder is listed at each reading: where it is missing, that is all a reading costs. Which
 * attributes a device has is found out when it is seen first, and again every {@value #LOOK_AGAIN}
 * readings. One thread at a time.
 */
public final class SysDevices {
  static final int LOOK_AGAIN = 20;

  private static final int MAX_DEVICES = 2048;

  private final SmallFiles files = new SmallFiles();
  private final String folder;
  private final String prefix;
  private final List<String> numbers;
  private final List<String> texts;
  private Map<String, Device> known = new HashMap<>();
  private List<Device> devices = List.of();
  private int readings;

  /**
   * @param folder below /sys
   * @param prefix devices are the names of it and a digit; empty: all names
   * @param numbers attributes by their path below the device's folder
   * @param texts the same
   */
  public SysDevices(
      Roots roots, String folder, String prefix, List<String> numbers, List<String> texts) {
    this(roots.sysfs() + "/" + folder, prefix, numbers, texts);
  }

  SysDevices(String folder, String prefix, List<String> numbers, List<String> texts) {
    this.folder = folder;
    this.prefix = prefix;
    this.numbers = List.copyOf(numbers);
    this.texts = List.copyOf(texts);
  }

  /** Reads anew. */
  public void read() {
    String[] names = SmallFiles.list(folder);
    if (readings++ % LOOK_AGAIN == 0) {
      known = new HashMap<>();
    }
    Map<String, Device> found = new HashMap<>();
    List<Device> list = new ArrayList<>(names.length);
    for (String name : names) {
      if (list.size() < MAX_DEVICES && isDevice(name)) {
        Device device = known.get(name);
        if (device == null) {
          device = new Device(name, folder + "/" + name, numbers, texts);
        }
        device.read(files);
        found.put(name, device);
        list.add(device);
      }
    }
    known = found;
    devices = list;
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException when the folder is missing: the kernel knows no such devices
   */
  public void readOrFail() throws NoDataException {
    read();
    if (devices.isEmpty() && !new File(folder).isDirectory()) {
      throw new NoDataException(folder);
    }
  }

  private boolean isDevice(String name) {
    return prefix.isEmpty()
        || (name.length() > prefix.length()
            && name.startsWith(prefix)
            && Character.isDigit(name.charAt(prefix.length())));
  }

  /** The devices by name; their values are overwritten by the next reading. */
  public List<Device> devices() {
    return devices;
  }

  /** One device. */
  public static final class Device {
    private final String name;
    private final String path;
    private final String[] numberPaths;
    private final double[] numbers;
    private final String[] textPaths;
    private final String[] texts;

    private Device(String name, String path, List<String> numbers, List<String> texts) {
      this.name = name;
      this.path = path;
      this.numberPaths = present(path, numbers);
      this.numbers = new double[numberPaths.length];
      this.textPaths = present(path, texts);
      this.texts = new String[textPaths.length];
    }

    /** The attributes' paths, empty for those that the device does not have. */
    private static String[] present(String path, List<String> attributes) {
      String[] paths = new String[attributes.size()];
      Arrays.fill(paths, "");
      for (int i = 0; i < paths.length; i++) {
        String file = path + "/" + attributes.get(i);
        if (new File(file).isFile()) {
          paths[i] = file;
        }
      }
      return paths;
    }

    private void read(SmallFiles files) {
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = numberPaths[i].isEmpty() ? Double.NaN : files.number(numberPaths[i]);
      }
      for (int i = 0; i < texts.length; i++) {
        texts[i] = textPaths[i].isEmpty() ? "" : files.text(textPaths[i]);
      }
    }

    public String name() {
      return name;
    }

    /** Its folder, as a path of this machine. */
    public String path() {
      return path;
    }

    /** The number at an index of the list; NaN where missing, not readable or no number. */
    public double number(int index) {
      return numbers[index];
    }

    /** The text at an index of the list, without spaces at its ends; empty where missing. */
    public String text(int index) {
      return texts[index];
    }
  }
}
