package vigie.agent.reader;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

/**
 * What readers make of files that are cut off at every byte, strange in every way and gone: a value
 * less or an {@link IOException}, never anything else and never no end. A new reader is a line in
 * {@link #targets}.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ReadersFuzzTest {
  private static final Path TREES = Path.of("src/test/resources/fixtures").toAbsolutePath();
  private static final int ROUNDS = 150;
  private static final List<String> STRANGE =
      List.of(
          "",
          "-",
          "-1",
          "-9223372036854775809",
          "18446744073709551616",
          "9".repeat(500),
          "ffffffffffffffffffff",
          "0x",
          "1e309",
          "NaN",
          "1.7.3",
          ":",
          "/",
          "\n",
          "\n\n\n",
          " ",
          "\t",
          "\0",
          "\u00e9\uffff",
          "(",
          ")");

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
        new Target(vm, roots -> new ClockSourceReader(roots)::read, "sys/devices/system"),
        new Target(
            server,
            roots -> new ConntrackReader(roots)::read,
            "proc/sys/net/netfilter",
            "proc/net/stat/nf_conntrack"),
        new Target(vm, roots -> new DiskReader(roots)::read, "proc/diskstats"),
        new Target(server, roots -> InterruptReader.hard(roots)::read, "proc/interrupts"),
        new Target(server, roots -> InterruptReader.soft(roots)::read, "proc/softirqs"),
        new Target(server, ReadersFuzzTest::ipvs, "proc/net/ip_vs", "proc/net/ip_vs_stats"),
        new Target(vm, roots -> new LinkReader(roots)::read, "sys/class/net"),
        new Target(vm, roots -> new LoadReader(roots)::read, "proc/loadavg"),
        new Target(vm, roots -> new MemoryReader(roots)::read, "proc/meminfo"),
        new Target(
            server,
            roots -> new NetstatReader(roots)::read,
            "proc/net/netstat",
            "proc/net/snmp",
            "proc/net/snmp6"),
        new Target(server, roots -> NfsReader.client(roots)::read, "proc/net/rpc/nfs"),
        new Target(server, roots -> NfsReader.server(roots)::read, "proc/net/rpc/nfsd"),
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
            "sys/devices/system/cpu/vulnerabilities"));
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
      String text = mutate(new String(whole, StandardCharsets.ISO_8859_1), random);
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

  private static String mutate(String text, Random random) {
    StringBuilder mutated = new StringBuilder(text);
    int edits = 1 + random.nextInt(5);
    for (int edit = 0; edit < edits; edit++) {
      int at = random.nextInt(mutated.length() + 1);
      int to = Math.min(mutated.length(), at + random.nextInt(6));
      switch (random.nextInt(5)) {
        case 0 -> mutated.replace(at, to, STRANGE.get(random.nextInt(STRANGE.size())));
        case 1 -> mutated.insert(at, (char) random.nextInt(256));
        case 2 -> mutated.delete(at, Math.min(mutated.length(), at + random.nextInt(200)));
        case 3 -> mutated.insert(at, mutated.substring(at, to).repeat(1 + random.nextInt(300)));
        default -> {
          // A number becomes another.
          while (at < mutated.length() && !Character.isDigit(mutated.charAt(at))) {
            at++;
          }
          int end = at;
          while (end < mutated.length() && Character.isDigit(mutated.charAt(end))) {
            end++;
          }
          mutated.replace(at, end, STRANGE.get(random.nextInt(STRANGE.size())));
        }
      }
    }
    return mutated.toString();
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
