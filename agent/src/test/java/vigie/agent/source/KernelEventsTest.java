package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.base.time.ManualClock;

class KernelEventsTest {
  private final ManualClock clock = new ManualClock();
  private final KernelEvents kernel = new KernelEvents(clock);

  private @Nullable Event take(String text) {
    return kernel.take(clock.now(), text, null);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // 6.x and 5.4 on; 5.1; 4.19 and before; a control group; 3.x; a name with brackets.
        "Out of memory: Killed process 812 (python3) total-vm:9412kB, anon-rss:5120kB, file-rss:0kB,"
            + " shmem-rss:0kB, UID:1000 pgtables:60kB oom_score_adj:0|python3|812|system|5120",
        "Out of memory: Killed process 7 (a) total-vm:1kB, anon-rss:1kB, file-rss:0kB,"
            + " shmem-rss:0kB|a|7|system|1",
        "Killed process 812 (python3) total-vm:9412kB, anon-rss:5120kB,"
            + " file-rss:0kB|python3|812|system|5120",
        "Memory cgroup out of memory: Killed process 99 (java) total-vm:9kB, anon-rss:8kB,"
            + " file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:60kB"
            + " oom_score_adj:0|java|99|cgroup|8",
        "Killed process 812, UID 48, (httpd) total-vm:9412kB, anon-rss:5120kB,"
            + " file-rss:0kB|httpd|812|system|5120",
        "Out of memory: Killed process 5 ((sd-pam) x) total-vm:9kB, anon-rss:8kB|(sd-pam)"
            + " x|5|system|8",
      })
  void givenAKill_whenTaken_thenItsVictimIsTold(
      String text, String victim, String pid, String scope, String rss) {
    Event event = take(text);
    assertThat(event.type()).isEqualTo(EventType.KERNEL_OOM);
    assertThat(event.fields())
        .containsEntry("victim", victim)
        .containsEntry("pid", pid)
        .containsEntry("scope", scope)
        .containsEntry("rss_kib", rss)
        .doesNotContainKey("unit");
    assertThat(event.text()).contains(victim).contains("out of memory");
  }

  @Test
  void givenTheLineBeforeTheKill_whenTaken_thenTheUnitIsKnown() {
    assertThat(
            take(
                "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
                    + "oom_memcg=/system.slice/calc.service,task_memcg=/system.slice/calc.service,"
                    + "task=python3,pid=812,uid=0"))
        .isNull();
    Event event =
        take(
            "Memory cgroup out of memory: Killed process 812 (python3) total-vm:9kB, anon-rss:8kB");
    assertThat(event.fields())
        .containsEntry("unit", "calc.service")
        .containsEntry("scope", "cgroup");
    assertThat(event.text())
        .isEqualTo(
            "the kernel killed python3 (process 812) of calc.service: its group was out of memory");
    Event next = take("Out of memory: Killed process 813 (sh) total-vm:9kB, anon-rss:8kB");
    assertThat(next.fields()).doesNotContainKey("unit");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "blk_update_request: I/O error, dev mmcblk0, sector 81920 op 0x0:(READ) flags 0x80700"
            + " phys_seg 1 prio class 0|mmcblk0|81920",
        "I/O error, dev mmcblk0, sector 7 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class"
            + " 2|mmcblk0|7",
        "end_request: I/O error, dev sda, sector 12|sda|12",
        "print_req_error: I/O error, dev sdb, sector 12|sdb|12",
        "print_req_error: critical medium error, dev sda, sector 9|sda|9",
        "Buffer I/O error on dev mmcblk0p2, logical block 3, lost async page write|mmcblk0p2|",
        "Buffer I/O error on device mmcblk0p2, logical block 3|mmcblk0p2|",
        "mmcblk0: error -110 transferring data, sector 5, nr 8, cmd response 0x900, card status"
            + " 0xb00|mmcblk0|5",
        "mmcblk0: timed out sending r/w cmd command, card status 0x900|mmcblk0|",
        "mmc0: error -110 whilst initialising SD card|mmc0|",
        "mmc0: Timeout waiting for hardware interrupt.|mmc0|",
        "mmc0: card never left busy state|mmc0|",
        "mmc1: cache flush error -110|mmc1|",
        "EXT4-fs error (device mmcblk0p2): ext4_find_entry:1455: inode #2: comm x: reading directory"
            + " lblock 0|mmcblk0p2|",
        "EXT4-fs (mmcblk0p2): Remounting filesystem read-only|mmcblk0p2|",
      })
  void givenAFailingDisk_whenTaken_thenItsDeviceIsTold(
      String text, String device, @Nullable String sector) {
    Event event = take(text);
    assertThat(event).as(text).isNotNull();
    assertThat(event.type()).isEqualTo(EventType.KERNEL_IO_ERROR);
    assertThat(event.severity()).isEqualTo(Severity.ERROR);
    assertThat(event.fields().get("device")).isEqualTo(device);
    assertThat(event.fields().get("sector")).isEqualTo(sector);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "blk_update_request: I/O error, dev fd0, sector 0",
        "mmc0: new high speed SDHC card at address aaaa",
        "mmcblk0: mmc0:aaaa SU08G 7.40 GiB",
        "EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode",
        "Voltage normalised (0x00000000)",
        "oom_reaper: reaped process 812 (python3), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
        "python3 invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0",
        "Killed process",
        "Killed process x (y) total-vm:1kB",
      })
  void givenAnotherLine_whenTaken_thenNothing(String text) {
    assertThat(take(text)).isNull();
  }

  @Test
  void givenUnderVoltageAgainAndAgain_whenTaken_thenToldOnceAndSummedUpLater() {
    Event first = take("hwmon hwmon1: Undervoltage detected!");
    assertThat(first.type()).isEqualTo(EventType.KERNEL_UNDERVOLTAGE);
    clock.advance(Duration.ofSeconds(5));
    assertThat(take("Under-voltage detected! (0x00050005)")).isNull();
    assertThat(kernel.due(false)).isEmpty();
    clock.advance(Duration.ofMinutes(1));
    List<Event> due = kernel.due(false);
    assertThat(due).hasSize(1);
    assertThat(due.get(0).fields()).containsEntry("repeated", "1");
  }

  @Test
  void givenAnyText_whenTaken_thenItDoesNotThrow() {
    List<String> words =
        List.of(
            "Killed process ",
            "(",
            ")",
            ") total-vm:",
            "812",
            ",",
            "I/O error, dev ",
            "sector ",
            "mmc",
            ": error -",
            "oom-kill:",
            ",pid=",
            ",task_memcg=/",
            "anon-rss:",
            "é",
            "EXT4-fs error (device ",
            "EXT4-fs (",
            "Remounting filesystem read-only");
    long seed = 7;
    Random random = new Random(seed);
    for (int run = 0; run < 20_000; run++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(8); i >= 0; i--) {
        text.append(words.get(random.nextInt(words.size())));
      }
      take(text.toString());
    }
  }
}
