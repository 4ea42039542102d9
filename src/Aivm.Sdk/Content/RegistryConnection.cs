using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// Requests to one registry: who asks, how long an answer may take, where it may send one on. Credentials and tokens go to the registry's own address, and to the one that
/// issues tokens for it; never elsewhere, never in the clear.
/// </summary>
internal sealed partial class RegistryConnection : IDisposable
{
    private const int MaxRedirects = 3;
    private const int MaxTokenLength = 64 << 10;

    // A slower line than this makes no sense for models.
    private const int LeastBytesPerSecond = 64 << 10;

    private readonly RegistryLocation _location;
    private readonly RegistryOptions _options;
    private readonly HttpClient _http;
    private AuthenticationHeaderValue? _authorization;

    public RegistryConnection(RegistryLocation location, RegistryOptions options, HttpMessageHandler? handler)
    {
        (_location, _options) = (location, options);
        // A proxy never reaches the loopback interface of this machine.
        handler ??= new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = !location.Registry.IsLoopback,
            ConnectTimeout = options.StallTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxTokenLength };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Sends a request, again with credentials where they are asked for. The answer's body is not read yet.</summary>
    /// <param name="create">Makes the request anew each time.</param>
    /// <param name="bodyBytes">Of the request.</param>
    /// <exception cref="TransferException">There is no answer, or one that says to come back later.</exception>
    /// <exception cref="AivmException"><c>registry-denied</c>, <c>registry-answer-invalid</c>.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> create, int bodyBytes, CancellationToken cancellation)
    {
        var response = await SendOnceAsync(create(), isRegistry: true, bodyBytes, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized && await TryAuthenticateAsync(response, cancellation))
        {
            response.Dispose();
            response = await SendOnceAsync(create(), isRegistry: true, bodyBytes, cancellation);
        }
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            response.Dispose();
            throw new AivmException(Failure.Environment, "registry-denied", $"{_location} refuses: name a user who may, and the password.");
        }
        if ((int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout)
        {
            var status = (int)response.StatusCode;
            response.Dispose();
            throw new TransferException($"it answered with HTTP status {status}");
        }
        return response;
    }

    /// <summary>GET, followed to where the registry keeps the content.</summary>
    public async Task<HttpResponseMessage> GetAsync(Uri url, long offset, CancellationToken cancellation)
    {
        var response = await SendAsync(() => Get(url, offset), bodyBytes: 0, cancellation);
        for (var redirects = 0; (int)response.StatusCode is 301 or 302 or 303 or 307 or 308; redirects++)
        {
            var target = Target(response, url);
            response.Dispose();
            if (redirects == MaxRedirects)
                throw Invalid("it sends from one address to another without end");
            var isRegistry = IsRegistry(target);
            response = isRegistry
                ? await SendAsync(() => Get(target, offset), bodyBytes: 0, cancellation)
                : await SendOnceAsync(Get(target, offset), isRegistry: false, bodyBytes: 0, cancellation);
            url = target;
        }
        return response;
    }

    /// <summary>Where the registry wants an upload to go on: on its own address.</summary>
    public Uri UploadLocation(HttpResponseMessage response, Uri asked)
    {
        var target = Target(response, asked);
        return IsRegistry(target) ? target : throw Invalid("it wants uploads sent to another address");
    }

    public AivmException Invalid(string reason) => new(Failure.Environment, "registry-answer-invalid", $"The answer of {_location} cannot be used: {reason}.");

    private static HttpRequestMessage Get(Uri url, long offset)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (offset > 0)
            request.Headers.Range = new RangeHeaderValue(offset, null);
        return request;
    }

    private Uri Target(HttpResponseMessage response, Uri asked)
    {
        if (response.Headers.Location is not { } location || !Uri.TryCreate(asked, location, out var target) || target.Scheme is not ("http" or "https"))
            throw Invalid("it names no address to go on with");
        return target.Scheme == "http" && !target.IsLoopback ? throw Invalid("it leaves https") : target;
    }

    private bool IsRegistry(Uri url) => Uri.Compare(url, _location.Registry, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, bool isRegistry, int bodyBytes, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.StallTimeout + TimeSpan.FromSeconds(bodyBytes / LeastBytesPerSecond));
        using (request)
        {
            request.Headers.Authorization = isRegistry ? _authorization : null;
            try
            {
                return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            }
            catch (HttpRequestException exception)
            {
                throw new TransferException(exception.Message, exception);
            }
            catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
            {
                throw new TransferException("it does not answer", exception);
            }
        }
    }

    /// <summary>As the registry asks: the password itself, or a token that another address gives for it.</summary>
    private async Task<bool> TryAuthenticateAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        foreach (var challenge in response.Headers.WwwAuthenticate)
        {
            if (challenge.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) && _options.Credentials is { } credentials && _authorization is null)
            {
                _authorization = Basic(credentials);
                return true;
            }
            if (challenge.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            {
                _authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(challenge.Parameter ?? "", cancellation));
                return true;
            }
        }
        return false;
    }

    private async Task<string> TokenAsync(string challenge, CancellationToken cancellation)
    {
        var parameters = ChallengeParameter().Matches(challenge).ToLookup(match => match.Groups[1].Value, match => match.Groups[2].Value);
        if (!Uri.TryCreate(parameters["realm"].FirstOrDefault(), UriKind.Absolute, out var realm) || (realm.Scheme != "https" && !(realm.Scheme == "http" && realm.IsLoopback)))
            throw Invalid("it names no safe address for tokens");
        var query = string.Join('&', from name in (string[])["service", "scope"]
                                     from value in parameters[name].Take(1)
                                     select $"{name}={Uri.EscapeDataString(value)}");
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query }.Uri);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.StallTimeout);
        request.Headers.Authorization = _options.Credentials is { } credentials ? Basic(credentials) : null;
        try
        {
            using var response = await _http.SendAsync(request, patience.Token);
            if (!response.IsSuccessStatusCode)
                throw new AivmException(Failure.Environment, "registry-denied", $"{realm.Host} gives no token for {_location}: name a user who may, and the password.");
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(patience.Token));
            foreach (var name in (string[])["token", "access_token"])
                if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var token) && token.ValueKind == JsonValueKind.String)
                    return token.GetString()!;
            throw Invalid($"{realm.Host} gives no token");
        }
        catch (JsonException)
        {
            throw Invalid($"{realm.Host} gives no token");
        }
        catch (HttpRequestException exception)
        {
            throw new TransferException(exception.Message, exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new TransferException($"{realm.Host} does not answer", exception);
        }
    }

    private static AuthenticationHeaderValue Basic(RegistryCredentials credentials) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.User}:{credentials.Secret}")));

    [GeneratedRegex("""([a-z]+)="([^"]{0,2048})""", RegexOptions.CultureInvariant)]
    private static partial Regex ChallengeParameter();
}

/// <summary>A transfer that was cut off or got nowhere: worth another attempt.</summary>
internal sealed class TransferException(string reason, Exception? inner = null) : Exception(reason, inner);
