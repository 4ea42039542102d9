using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>What goes wrong with stored content, by name.</summary>
internal static class ContentErrors
{
    public static AivmException Missing(ContentDigest digest, string store) =>
        new(Failure.Check, "content-missing", $"{store} does not have {digest}: add it there, or name another store.");

    public static AivmException Mismatch(ContentDigest expected, ContentDigest actual, string source) =>
        new(Failure.Check, "content-mismatch", $"{source} gave {actual} for {expected}. Nothing was kept: fetch it from another store.");

    public static AivmException TooLarge(ContentDigest digest, long maxSize) =>
        new(Failure.Check, "content-too-large", $"{digest} has more than {maxSize} bytes: allow more, if you trust the source.");

    public static AivmException Changed(string file) =>
        new(Failure.Check, "content-changed", $"{file} changed while it was stored: try again when nobody writes to it.");

    public static AivmException Busy(string file) =>
        new(Failure.Environment, "content-busy", $"Another process is writing {file}: wait until it is done.");

    public static AivmException Unreadable(string file, Exception inner) =>
        new(Failure.Environment, "content-unreadable", $"{file} cannot be read: {inner.Message}", inner);

    public static AivmException Unwritable(string file, Exception inner) =>
        new(Failure.Environment, "content-unwritable", $"{file} cannot be written: {inner.Message}", inner);
}
