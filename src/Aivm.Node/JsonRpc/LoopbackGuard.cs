using System.Net;
using Microsoft.AspNetCore.Http;

namespace Aivm.Node.JsonRpc;

/// <summary>
/// The node signs for unlocked accounts and listens on loopback only, but a web page runs on this machine too: by DNS rebinding its
/// own name may point at 127.0.0.1, and a WebSocket knows no same-origin rule. Therefore Host must be a loopback name, and so must
/// Origin where there is one. Browser extensions (wallets) have origins that no page can claim.
/// </summary>
internal static class LoopbackGuard
{
    private static readonly string[] ExtensionSchemes = ["chrome-extension", "moz-extension", "safari-web-extension"];

    public static bool Allows(HttpRequest request) =>
        IsLoopback(request.Host.Host) && (request.Headers.Origin.Count == 0 || AllowsOrigin(request.Headers.Origin.ToString()));

    /// <summary>Whether a page of this origin may read answers (CORS). An extension needs no such header.</summary>
    public static bool IsLoopbackOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && IsLoopback(uri.Host);

    private static bool AllowsOrigin(string origin) =>
        IsLoopbackOrigin(origin)
        || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && ExtensionSchemes.Contains(uri.Scheme, StringComparer.Ordinal));

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
