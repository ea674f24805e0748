package vigie.agent.reader;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vigie.base.time.ManualClock;

/**
 * What readers make of files that are cut off at every byte, strange in every way and gone: a value
 * less or an {@link IOException}, never anything else and never no end. A new reader is a line in
 * {@link #targets}.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ReadersFuzzTest {
  private static final Path TREES = Path.of("src/test/resources/fixtures").toAbsolutePath();
  private static final int ROUNDS = 150;
  @TempDir Path folder;

  static Stream<Target> targets() {
    String vm = "vm-6.18";
    String server = "server-6.1";
    return Stream.of(
        new Target(server, roots -> new ArpReader(roots)::read, "proc/net/arp"),
        new Target(server, roots -> new BondingReader(roots)::read, "sys/class/net"),
        new Target(server, roots -> new BuddyReader(roots)::read, "proc/buddyinfo"),
        new Target(
            "container-6.1",
            roots -> new CgroupReader(roots, path -> true, true)::read,
            "sys/fs/cgroup/cgroup.controllers",
            "sys/fs/cgroup/system.slice/docker.service"),
        new Target(
            server,
            roots -> new CgroupReader(roots, path -> true, true)::read,
            "sys/fs/cgroup/memory/system.slice/nginx.service",
            "sys/fs/cgroup/cpuacct/system.slice/nginx.service",
            "sys/fs/cgroup/cpu/system.slice/nginx.service",
            "sys/fs/cgroup/blkio/system.slice/nginx.service"),
        new Target(server, roots -> bcache(roots)::run, "sys/fs/bcache"),
        new Target(server, ReadersFuzzTest::bcachefs, "sys/fs/bcachefs"),
        new Target(server, roots -> new BtrfsReader(roots)::read, "sys/fs/btrfs"),
        new Target(vm, roots -> new ClockSourceReader(roots)::read, "sys/devices/system"),
        new Target(
            server,
            roots -> new ConntrackReader(roots)::read,
            "proc/sys/net/netfilter",
            "proc/net/stat/nf_conntrack"),
        new Target(vm, roots -> new CpuInfoReader(roots)::read, "proc/cpuinfo"),
        new Target(
            server,
            ReadersFuzzTest::cpuState,
            "sys/devices/system/cpu/isolated",
            "sys/devices/system/cpu/online",
            "sys/devices/system/cpu/cpu1/online"),
        new Target("pi4-6.6", ReadersFuzzTest::device, "root/run/udev/data", "sys/block"),
        new Target(vm, roots -> new DiskReader(roots)::read, "proc/diskstats"),
        new Target(vm, ReadersFuzzTest::filesystem, "proc/1/mountinfo"),
        new Target(
            "pi4-6.6",
            roots -> new HwmonReader(roots, c -> true, s -> true)::read,
            "sys/class/hwmon"),
        new Target(server, roots -> InterruptReader.hard(roots)::read, "proc/interrupts"),
        new Target(server, roots -> InterruptReader.soft(roots)::read, "proc/softirqs"),
        new Target(server, ReadersFuzzTest::ipvs, "proc/net/ip_vs", "proc/net/ip_vs_stats"),
        new Target(vm, roots -> new LinkReader(roots)::read, "sys/class/net"),
        new Target(vm, roots -> new LoadReader(roots)::read, "proc/loadavg"),
        new Target(server, roots -> new MdReader(roots)::read, "proc/mdstat"),
        new Target(vm, roots -> new MemoryReader(roots)::read, "proc/meminfo"),
        new Target(
            server,
            roots -> new NetstatReader(roots)::read,
            "proc/net/netstat",
            "proc/net/snmp",
            "proc/net/snmp6"),
        new Target(server, roots -> NfsReader.client(roots)::read, "proc/net/rpc/nfs"),
        new Target(server, roots -> NfsReader.server(roots)::read, "proc/net/rpc/nfsd"),
        new Target("pi4-6.6", roots -> new OsReleaseReader(roots)::read, "root/etc/os-release"),
        new Target(
            "pizero-6.6",
            roots -> new PiThrottleReader(roots, true)::read,
            "sys/class/hwmon",
            "sys/devices/platform"),
        new Target(server, roots -> new PressureReader(roots)::read, "proc/pressure"),
        new Target(vm, roots -> new ProcessReader(roots)::read, "proc/self", "proc/stat"),
        new Target(
            server, roots -> new ProcessesReader(roots)::read, "proc/1", "proc/801", "proc/802"),
        new Target(server, roots -> new SchedstatReader(roots)::read, "proc/schedstat"),
        new Target(server, ReadersFuzzTest::selinux, "sys/fs/selinux", "root/etc/selinux"),
        new Target(
            server,
            roots -> new SockstatReader(roots)::read,
            "proc/net/sockstat",
            "proc/net/sockstat6",
            "proc/self/smaps"),
        new Target(server, roots -> new SoftnetReader(roots)::read, "proc/net/softnet_stat"),
        new Target(vm, roots -> new StatReader(roots)::read, "proc/stat"),
        new Target(vm, ReadersFuzzTest::sysctl, "proc/sys/fs/file-nr"),
        new Target(vm, roots -> new TcpReader(roots)::read, "proc/net/tcp", "proc/net/tcp6"),
        new Target(vm, roots -> new TrafficReader(roots)::read, "proc/net/dev"),
        new Target(vm, roots -> new UdpReader(roots)::read, "proc/net/udp", "proc/net/udp6"),
        new Target(vm, roots -> new UnameReader(roots, "amd64")::read, "proc/sys/kernel"),
        new Target(vm, roots -> new VmstatReader(roots)::read, "proc/vmstat"),
        new Target(
            server,
            roots -> new VulnerabilityReader(roots)::read,
            "sys/devices/system/cpu/vulnerabilities"),
        new Target(
            server,
            roots -> new XfsReader(roots, List.of("extent_alloc", "rw", "abt"), 4, 2, 4)::read,
            "sys/fs/xfs"),
        new Target(
            server,
            ReadersFuzzTest::zfs,
            "proc/spl/kstat/zfs/tank",
            "proc/spl/kstat/zfs/scratch",
            "proc/spl/kstat/zfs/zil"));
  }

  private static Runnable bcache(Roots roots) {
    List<String> backing =
        List.of("dirty_data", "writeback_rate_debug#rate", "stats_total/bypassed");
    BcacheReader reader =
        new BcacheReader(
            roots, List.of("tree_depth"), backing, List.of("written", "priority_stats#Unused"));
    return () -> reader.read((set, device, file, value) -> {});
  }

  private static Reading bcachefs(Roots roots) {
    BcachefsReader reader = new BcachefsReader(roots);
    InvocationHandler nothing = (proxy, method, arguments) -> null;
    Class<?> type = BcachefsReader.Sink.class;
    Object sink = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, nothing);
    return () -> reader.read((BcachefsReader.Sink) sink);
  }

  private static Reading cpuState(Roots roots) {
    CpuStateReader reader = new CpuStateReader(roots);
    return () -> {
      reader.online();
      reader.isolated();
    };
  }

  private static Reading device(Roots roots) {
    DeviceReader reader = new DeviceReader(roots);
    return () -> {
      reader.properties(179, 0);
      reader.rotational("mmcblk0");
    };
  }

  private static Reading filesystem(Roots roots) {
    ManualClock clock = new ManualClock();
    FilesystemReader reader =
        new FilesystemReader(
            roots,
            mount -> true,
            path -> {
              throw new IOException("not asked");
            },
            new InodeReader(List.of("true"), clock, task -> {}),
            Runnable::run,
            Duration.ofSeconds(1));
    return reader::read;
  }

  private static Reading zfs(Roots roots) {
    ZfsReader reader = new ZfsReader(roots, "zil");
    ZfsReader.Sink sink =
        new ZfsReader.Sink() {
          @Override
          public void part(int part, String name, double value) {}

          @Override
          public void pool(String pool, String name, double value) {}

          @Override
          public void set(String pool, String set, String name, double value) {}

          @Override
          public void state(String pool, String state) {}
        };
    return () -> reader.read(sink);
  }

  private static Reading ipvs(Roots roots) {
    IpvsReader reader = new IpvsReader(roots);
    return () -> {
      reader.read();
      reader.backends();
    };
  }

  private static Reading selinux(Roots roots) {
    SelinuxReader reader = new SelinuxReader(roots);
    return () -> {
      reader.read();
      reader.configured();
      reader.threshold();
      reader.enforcing();
    };
  }

  private static Reading sysctl(Roots roots) {
    SysctlReader reader = new SysctlReader(roots);
    return () -> reader.numbers("fs/file-nr", new double[3]);
  }

  @ParameterizedTest
  @MethodSource("targets")
  void givenFilesCutOffAtEveryByte_whenRead_thenNoReaderFails(Target target) throws IOException {
    List<Path> files = target.copyTo(folder);
    Reading reading = target.make.apply(roots());
    reading.read();

    for (Path file : files) {
      byte[] whole = Files.readAllBytes(file);
      for (int length = whole.length; length >= 0; length--) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(length);
        }
        read(reading, file.getFileName() + " cut off at " + length);
      }
      Files.write(file, whole);
    }
  }

  @ParameterizedTest
  @MethodSource("targets")
  void givenStrangeFiles_whenRead_thenNoReaderFails(Target target) throws IOException {
    long seed = Long.getLong("fuzz.seed", new Random().nextLong());
    Random random = new Random(seed);
    List<Path> files = target.copyTo(folder);
    Reading reading = target.make.apply(roots());

    for (int round = 0; round < ROUNDS; round++) {
      Path file = files.get(random.nextInt(files.size()));
      byte[] whole = Files.readAllBytes(file);
      String text = Strange.mutate(new String(whole, StandardCharsets.ISO_8859_1), random);
      Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));

      read(reading, "-Dfuzz.seed=" + seed + " round " + round + " " + file + "\n" + text);

      Files.write(file, whole);
    }
  }

  @ParameterizedTest
  @MethodSource("targets")
  void givenFilesThatGo_whenRead_thenNoReaderFails(Target target) throws IOException {
    List<Path> files = target.copyTo(folder);
    Reading kept = target.make.apply(roots());
    read(kept, "all there");
    for (Path file : files) {
      Files.delete(file);
      read(kept, file + " went");
      read(target.make.apply(roots()), "without " + file);
      Files.createDirectory(file);
      read(target.make.apply(roots()), "a folder instead of " + file);
      Files.delete(file);
    }
    assertThat(files).isNotEmpty();
  }

  private static void read(Reading reading, String what) {
    try {
      reading.read();
    } catch (IOException allowed) {
      // The reader says so.
    } catch (Exception | StackOverflowError failure) {
      throw new AssertionError(what, failure);
    }
  }

  private Roots roots() {
    return new Roots(folder.resolve("proc"), folder.resolve("sys"), folder.resolve("root"));
  }

  /** One reading of a reader. */
  interface Reading {
    void read() throws IOException;
  }

  /**
   * A reader and what it reads.
   *
   * @param tree the host whose files are taken
   * @param paths files, or folders with all that is in them
   */
  record Target(String tree, Function<Roots, Reading> make, List<String> paths) {
    Target(String tree, Function<Roots, Reading> make, String... paths) {
      this(tree, make, List.of(paths));
    }

    /** The files that it copied. */
    List<Path> copyTo(Path folder) throws IOException {
      List<Path> files = new ArrayList<>();
      for (String path : paths) {
        Path from = TREES.resolve(tree).resolve(path);
        try (Stream<Path> all = Files.walk(from)) {
          for (Path source : (Iterable<Path>) all::iterator) {
            Path copy = folder.resolve(path).resolve(from.relativize(source).toString());
            Files.createDirectories(copy.getParent());
            if (!Files.isDirectory(source) || Files.isSymbolicLink(source)) {
              Files.copy(source, copy, LinkOption.NOFOLLOW_LINKS);
            }
            if (Files.isRegularFile(source, LinkOption.NOFOLLOW_LINKS)) {
              files.add(copy);
            }
          }
        }
      }
      return files;
    }

    @Override
    public String toString() {
      return tree + " " + paths;
    }
  }
}
