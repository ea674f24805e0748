package vigie.agent.reader;

import java.io.File;

/**
 * Whether a Raspberry Pi is, or was, slowed down for lack of voltage or for heat, from /sys alone.
 *
 * <p>Its kernel tells under-voltage as the alarm of the monitoring chip {@code rpi_volt}, and all
 * of it as bits in {@code get_throttled} of the firmware's device. The bits are read only where the
 * chip is missing or they are asked for: kernels that have both write a warning with a stack trace
 * to their log when {@code get_throttled} is read for the first time after a boot.
 */
public final class PiThrottleReader {
  /** The bits of {@link #bits}; the same 16 higher: since the firmware last forgot. */
  public static final int UNDER_VOLTAGE = 0,
      FREQUENCY_CAPPED = 1,
      THROTTLED = 2,
      SOFT_TEMPERATURE_LIMIT = 3;

  private static final String ALARM = "/in0_lcrit_alarm";

  private final SmallFiles files = new SmallFiles();
  private final String sysfs;
  private final boolean alwaysBits;
  private String alarmFile = "";
  private String bitsFile = "";
  private int readings;
  private double alarm = Double.NaN;
  private double bits = Double.NaN;

  /**
   * @param alwaysBits read the bits also where there is the chip
   */
  public PiThrottleReader(Roots roots, boolean alwaysBits) {
    this.sysfs = roots.sysfs().toString();
    this.alwaysBits = alwaysBits;
  }

  /** Reads anew; machines other than a Pi are looked at once in 20 readings. */
  public void read() {
    if (readings++ % SysDevices.LOOK_AGAIN == 0) {
      alarmFile = findAlarm();
      bitsFile = alarmFile.isEmpty() || alwaysBits ? findBits() : "";
    }
    alarm = alarmFile.isEmpty() ? Double.NaN : files.number(alarmFile);
    bits = bitsFile.isEmpty() ? Double.NaN : hexadecimal(files.text(bitsFile));
  }

  /** 1 while the voltage is too low; NaN where it is not told. */
  public double alarm() {
    return alarm;
  }

  /** What is the matter, as bits; NaN where it is not told. */
  public double bits() {
    return bits;
  }

  private String findAlarm() {
    String folder = sysfs + "/class/hwmon";
    for (String name : SmallFiles.list(folder)) {
      String chip = folder + "/" + name;
      if (files.text(chip + "/name").equals("rpi_volt") && new File(chip + ALARM).isFile()) {
        return chip + ALARM;
      }
    }
    return "";
  }

  /** The folder of the chip is {@code soc} up to the Pi 4, {@code soc@107c000000} on the Pi 5. */
  private String findBits() {
    String platform = sysfs + "/devices/platform";
    for (String soc : SmallFiles.list(platform)) {
      if (soc.startsWith("soc")) {
        for (String device : SmallFiles.list(platform + "/" + soc)) {
          String file = platform + "/" + soc + "/" + device + "/get_throttled";
          if (device.endsWith("firmware") && new File(file).isFile()) {
            return file;
          }
        }
      }
    }
    return "";
  }

  private static double hexadecimal(String text) {
    String digits = text.startsWith("0x") ? text.substring(2) : text;
    try {
      return digits.isEmpty() || digits.length() > 8 ? Double.NaN : Long.parseLong(digits, 16);
    } catch (NumberFormatException garbage) {
      return Double.NaN;
    }
  }
}
