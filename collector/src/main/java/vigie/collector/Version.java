package vigie.collector;

/** What this program calls itself. */
final class Version {
  static final String VERSION = version();

  private Version() {}

  private static String version() {
    String fromJar = Version.class.getPackage().getImplementationVersion();
    return fromJar == null ? "unpacked" : fromJar;
  }
}
