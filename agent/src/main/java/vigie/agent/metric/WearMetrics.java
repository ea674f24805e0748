package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/**
 * {@code vigie_filesystem_*}, {@code vigie_mmc_*}: how worn an SD card or its like is. Source: the
 * kernel's ABI of sysfs-fs-ext4 and sysfs-fs-f2fs, driver-api/mmc/mmc-dev-attrs, and JEDEC's eMMC
 * standard for what the numbers mean.
 */
final class WearMetrics implements Subject {
  private static final List<String> FILESYSTEMS = List.of("ext4", "f2fs");
  private static final double BYTES_PER_KILOBYTE = 1024;
  private static final double TENTHS = 10;
  private static final int LIFE_TIME = 0;
  private static final int PRE_EOL = 1;
  private static final int FIRST_INFO = 2;

  private final Family written =
      Family.counter(
          "vigie_filesystem_lifetime_written_bytes_total",
          "Bytes written to the file system since it was made, over all boots.");
  private final Family errors =
      Family.counter(
          "vigie_filesystem_errors_total",
          "Errors of the file system that its superblock remembers.");
  private final Family life =
      Family.gauge(
          "vigie_mmc_life_used_ratio",
          "Life that the eMMC has used up at most, in steps of a tenth; 1.1: more than it was made"
              + " for.");
  private final Family reserve =
      Family.gauge(
          "vigie_mmc_pre_eol_state",
          "Reserve blocks of the eMMC: 1 enough, 2 four fifths are used, 3 almost none is left.");
  private final Family info =
      Family.gauge("vigie_mmc_info", "What the SD card or eMMC says that it is; always 1.");
  private final LabelCache<List<String>> filesystemLabels =
      new LabelCache<>(pair -> Labels.of("device", pair.get(0), "fstype", pair.get(1)));
  private final LabelCache<String> labels = LabelCache.of("device");
  private final LabelCache<List<String>> lifeLabels =
      new LabelCache<>(pair -> Labels.of("area", pair.get(1), "device", pair.get(0)));
  private final List<String> infoNames;
  private final LabelCache<List<String>> infoLabels;
  private final List<SysDevices> filesystems = new ArrayList<>();
  private final SysDevices cards;

  /**
   * @param serial whether the card's serial number is told
   */
  WearMetrics(Roots roots, boolean serial) {
    infoNames = new ArrayList<>(List.of("date", "manfid", "name", "oemid", "type"));
    if (serial) {
      infoNames.add("serial");
    }
    infoLabels =
        new LabelCache<>(
            values ->
                Labels.of("device", values.get(0))
                    .merge(Labels.of(infoNames, values.subList(1, values.size()))));
    for (String type : FILESYSTEMS) {
      filesystems.add(
          new SysDevices(
              roots,
              "fs/" + type,
              "",
              List.of("lifetime_write_kbytes", "errors_count"),
              List.of()));
    }
    List<String> texts = new ArrayList<>(List.of("device/life_time", "device/pre_eol_info"));
    infoNames.forEach(name -> texts.add("device/" + name));
    cards = new SysDevices(roots, "block", "mmcblk", List.of(), texts);
  }

  @Override
  public String name() {
    return "wear";
  }

  @Override
  public List<Family> families() {
    return List.of(written, errors, life, reserve, info);
  }

  @Override
  public void collect() {
    for (int i = 0; i < FILESYSTEMS.size(); i++) {
      filesystems.get(i).read();
      for (Device filesystem : filesystems.get(i).devices()) {
        Labels of = filesystemLabels.get(List.of(filesystem.name(), FILESYSTEMS.get(i)));
        written.add(of, filesystem.number(0) * BYTES_PER_KILOBYTE);
        errors.add(of, filesystem.number(1));
      }
    }
    cards.read();
    for (Device card : cards.devices()) {
      // mmcblk0boot0 and its like are parts of mmcblk0.
      if (isNumber(card.name().substring("mmcblk".length()))) {
        collect(card);
      }
    }
  }

  private static boolean isNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!Character.isDigit(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private void collect(Device card) {
    List<String> values = new ArrayList<>(infoNames.size() + 1);
    values.add(card.name());
    for (int i = 0; i < infoNames.size(); i++) {
      values.add(card.text(FIRST_INFO + i));
    }
    info.add(infoLabels.get(values), 1);
    String[] used = card.text(LIFE_TIME).split(" ", -1);
    if (used.length == 2) {
      life.add(lifeLabels.get(List.of(card.name(), "a")), hexadecimal(used[0]) / TENTHS);
      life.add(lifeLabels.get(List.of(card.name(), "b")), hexadecimal(used[1]) / TENTHS);
    }
    reserve.add(labels.get(card.name()), hexadecimal(card.text(PRE_EOL)));
  }

  /** The number after {@code 0x}; NaN where it is none or 0, which stands for "not defined". */
  private static double hexadecimal(String text) {
    if (text.length() != 4 || !text.startsWith("0x")) {
      return Double.NaN;
    }
    int high = Character.digit(text.charAt(2), 16);
    int low = Character.digit(text.charAt(3), 16);
    int value = high < 0 || low < 0 ? 0 : high * 16 + low;
    return value == 0 ? Double.NaN : value;
  }
}
