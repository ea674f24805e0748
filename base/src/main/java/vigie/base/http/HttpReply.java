package vigie.base.http;

/**
 * What a server answered.
 *
 * @param retryAfter its header, empty where it is absent
 * @param text of the body, its first part
 */
public record HttpReply(int status, String retryAfter, String text) {}
