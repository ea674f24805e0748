package vigie.agent.reader;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * /sys/class/hwmon: the sensors of monitoring chips. Source: the kernel's hwmon/sysfs-interface.
 * Chips and sensors are named as node_exporter names them.
 *
 * <p>Which sensors there are is found out when the list of chips changes and every {@value
 * #LOOK_AGAIN} readings; in between only the values are read. One thread at a time: a chip on a
 * slow bus can take a tenth of a second for each value.
 */
public final class HwmonReader {
  static final int LOOK_AGAIN = 20;

  private static final int MAX_ATTRIBUTES = 10_000;
  private static final Set<String> TYPES =
      Set.of(
          "vrm",
          "beep_enable",
          "update_interval",
          "in",
          "cpu",
          "fan",
          "pwm",
          "temp",
          "curr",
          "power",
          "energy",
          "humidity",
          "intrusion",
          "freq");

  private final SmallFiles files = new SmallFiles();
  private final String folder;
  private final Predicate<String> wantedChips;
  private final Predicate<String> wantedSensors;
  private String[] names = new String[0];
  private List<Chip> chips = List.of();
  private int readings;

  /**
   * @param wantedChips by name; others are not read at all
   * @param wantedSensors by {@code CHIP;SENSOR}
   */
  public HwmonReader(Roots roots, Predicate<String> wantedChips, Predicate<String> wantedSensors) {
    this.folder = roots.sysfs() + "/class/hwmon";
    this.wantedChips = wantedChips;
    this.wantedSensors = wantedSensors;
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException when the kernel knows no monitoring chips
   */
  public void read() throws NoDataException {
    String[] now = SmallFiles.list(folder);
    if (now.length == 0 && !new File(folder).isDirectory()) {
      chips = List.of();
      throw new NoDataException(folder);
    }
    if (readings++ % LOOK_AGAIN == 0 || !Arrays.equals(now, names)) {
      names = now;
      chips = look();
    }
    for (Chip chip : chips) {
      for (Sensor sensor : chip.sensors) {
        for (Attribute attribute : sensor.attributes) {
          attribute.value = files.number(attribute.path);
        }
      }
    }
  }

  /** The chips; another list only when the sensors were looked for again. */
  public List<Chip> chips() {
    return chips;
  }

  private List<Chip> look() {
    Map<String, String> unique = new TreeMap<>();
    Map<String, Integer> uses = new HashMap<>();
    for (String name : names) {
      if (new File(folder, name).isDirectory()) {
        String chip = chipName(name);
        unique.put(name, chip);
        uses.merge(chip, 1, Integer::sum);
        uses.merge(chip + "\0" + humanName(name), 1, Integer::sum);
      }
    }
    List<Chip> found = new ArrayList<>();
    int[] left = {MAX_ATTRIBUTES};
    unique.forEach(
        (name, base) -> {
          String human = humanName(name);
          String chip = base;
          if (uses.getOrDefault(base, 0) > 1) {
            // Two monitors of one device, told apart as node_exporter 1.12 does.
            boolean ambiguous = human.isEmpty() || uses.getOrDefault(base + "\0" + human, 0) > 1;
            chip = base + "_" + (ambiguous ? clean(name) : human);
          }
          if (wantedChips.test(chip)) {
            found.add(new Chip(chip, human, sensors(name, chip, left)));
          }
        });
    return found;
  }

  private List<Sensor> sensors(String name, String chip, int[] left) {
    Map<String, Sensor> sensors = new TreeMap<>();
    for (String path : new String[] {folder + "/" + name, folder + "/" + name + "/device"}) {
      for (String file : SmallFiles.list(path)) {
        Sensor named = parse(file);
        if (named != null && left[0] > 0 && new File(path, file).isFile()) {
          left[0]--;
          sensors
              .computeIfAbsent(named.name, any -> named)
              .add(named.element, path + "/" + file, files);
        }
      }
    }
    sensors.values().removeIf(sensor -> !wantedSensors.test(chip + ";" + sensor.name));
    return List.copyOf(sensors.values());
  }

  /** Takes apart {@code TYPE[NUMBER][_ELEMENT]}; null when it is not a sensor's. */
  private static @Nullable Sensor parse(String file) {
    int digits = 0;
    while (digits < file.length() && !isDigit(file.charAt(digits))) {
      digits++;
    }
    String type = file.substring(0, digits);
    int end = digits;
    while (end < file.length() && isDigit(file.charAt(end))) {
      end++;
    }
    boolean bare = end == file.length();
    if (!TYPES.contains(type) || end - digits > 9 || (!bare && file.charAt(end) != '_')) {
      return null;
    }
    int number = end > digits ? Integer.parseInt(file.substring(digits, end)) : 0;
    return new Sensor(type, type + number, bare ? "" : file.substring(end + 1));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** The place of the device in the tree, which stays; else its name; else that of the folder. */
  private String chipName(String name) {
    File device = new File(folder, name + "/device");
    if (device.exists()) {
      try {
        File real = device.getCanonicalFile();
        String bus = real.getParentFile() == null ? "" : clean(real.getParentFile().getName());
        String cleaned = clean(real.getName());
        if (!cleaned.isEmpty()) {
          return bus.isEmpty() ? cleaned : bus + "_" + cleaned;
        }
      } catch (IOException unresolvable) {
        // Gone between two looks: the name has to do.
      }
    }
    String human = humanName(name);
    return human.isEmpty() ? clean(name) : human;
  }

  private String humanName(String name) {
    return clean(files.text(folder + "/" + name + "/name"));
  }

  /** In small letters, what is neither letter, digit, colon nor underscore made an underscore. */
  public static String clean(String text) {
    StringBuilder cleaned = new StringBuilder(text.toLowerCase(Locale.ROOT));
    for (int i = 0; i < cleaned.length(); i++) {
      char c = cleaned.charAt(i);
      if (!(c >= 'a' && c <= 'z') && !isDigit(c) && c != ':' && c != '_') {
        cleaned.setCharAt(i, '_');
      }
    }
    int from = 0;
    int to = cleaned.length();
    while (from < to && cleaned.charAt(from) == '_') {
      from++;
    }
    while (to > from && cleaned.charAt(to - 1) == '_') {
      to--;
    }
    return cleaned.substring(from, to);
  }

  /**
   * A chip.
   *
   * @param name of its place: {@code platform_coretemp_0}
   * @param humanName of its kind: {@code coretemp}; empty where the driver tells none
   */
  public record Chip(String name, String humanName, List<Sensor> sensors) {
    public Chip {
      sensors = List.copyOf(sensors);
    }
  }

  /** A sensor, with all that its chip tells about it. */
  public static final class Sensor {
    private final String type;
    private final String name;
    private final String element;
    private final List<Attribute> attributes = new ArrayList<>();
    private @Nullable String label;

    private Sensor(String type, String name, String element) {
      this.type = type;
      this.name = name;
      this.element = element;
    }

    private void add(String of, String path, SmallFiles files) {
      if (of.equals("label")) {
        label = files.text(path);
        return;
      }
      // What the device's folder has goes before what the chip's has.
      attributes.removeIf(attribute -> attribute.element.equals(of));
      attributes.add(new Attribute(of, path));
    }

    /** {@code temp}, {@code fan}, {@code in} and so on. */
    public String type() {
      return type;
    }

    /** {@code temp1}. */
    public String name() {
      return name;
    }

    /** What the driver or the firmware calls it; null where they don't. */
    public @Nullable String label() {
      return label;
    }

    public List<Attribute> attributes() {
      return attributes;
    }

    /** Whether it has the value {@code element}. */
    public boolean has(String element) {
      for (Attribute attribute : attributes) {
        if (attribute.element.equals(element)) {
          return true;
        }
      }
      return false;
    }
  }

  /** One value of a sensor. */
  public static final class Attribute {
    private final String element;
    private final String path;
    private double value = Double.NaN;

    private Attribute(String element, String path) {
      this.element = element;
      this.path = path;
    }

    /** What follows the number in the file's name: {@code input}, {@code max}; may be empty. */
    public String element() {
      return element;
    }

    /** In the kernel's unit; NaN when it cannot be read now. Overwritten by the next reading. */
    public double value() {
      return value;
    }
  }
}
