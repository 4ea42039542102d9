using System.Buffers;
using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Aivm.Node.JsonRpc;

/// <summary>
/// One WebSocket client. Requests are answered in order; answers and events share one bounded queue. A client that sends requests but
/// reads no answers is made to wait; one that reads its events too slowly is dropped, with the reason in the close frame.
/// </summary>
internal sealed partial class WebSocketConnection : ISubscriber, IDisposable
{
    private const int KeptReceiveBuffer = 64 << 10;

    /// <summary>How long a closing connection may take before it is cut.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly WebSocket _socket;
    private readonly RpcDispatcher _dispatcher;
    private readonly RpcLimits _limits;
    private readonly ILogger _logger;
    private readonly Channel<ReadOnlyMemory<byte>> _outgoing;
    private readonly List<Action> _afterAnswer = [];
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _cut = new();
    private CloseReason? _closeReason;
    private long _queuedBytes;

    private sealed record CloseReason(WebSocketCloseStatus Status, string Text)
    {
        public static readonly CloseReason Normal = new(WebSocketCloseStatus.NormalClosure, "");
        public static readonly CloseReason Stopping = new(WebSocketCloseStatus.EndpointUnavailable, "the node stops");
        public static readonly CloseReason TooSlow = new(WebSocketCloseStatus.PolicyViolation, "dropped: events were read too slowly");
    }

    public WebSocketConnection(WebSocket socket, RpcDispatcher dispatcher, ILogger logger)
    {
        _socket = socket;
        _dispatcher = dispatcher;
        _limits = dispatcher.Limits;
        _logger = logger;
        _outgoing = Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(_limits.MaxQueuedMessages) { SingleReader = true });
    }

    private bool IsClosing => _closeReason is not null;

    public async Task RunAsync(CancellationToken stopping)
    {
        await using var registration = stopping.Register(() => BeginClose(CloseReason.Stopping));
        var receiving = ReceiveAsync();
        await SendAsync();
        await receiving;
    }

    public bool TryNotify(ReadOnlyMemory<byte> message)
    {
        if (IsClosing)
            return false;
        if (Interlocked.Add(ref _queuedBytes, message.Length) <= _limits.MaxQueuedBytes && _outgoing.Writer.TryWrite(message))
            return true;
        if (BeginClose(CloseReason.TooSlow))
        {
            NodeMetrics.DroppedClients.Add(1);
            LogDropped();
        }
        return false;
    }

    public CancellationToken Closed => _closed.Token;

    public int Subscriptions { get; set; }

    public void AfterAnswer(Action action) => _afterAnswer.Add(action);

    public void Dispose()
    {
        _closed.Dispose();
        _cut.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var message = new ArrayBufferWriter<byte>(1024);
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(message.GetMemory(4096), _cut.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                    break;
                if (IsClosing)
                    continue;
                if (message.WrittenCount + received.Count > _limits.MaxBodyBytes)
                {
                    BeginClose(new CloseReason(WebSocketCloseStatus.MessageTooBig, $"a message holds at most {_limits.MaxBodyBytes} bytes"));
                    continue;
                }
                message.Advance(received.Count);
                if (!received.EndOfMessage)
                    continue;
                await AnswerAsync(message.WrittenMemory);
                if (message.Capacity > KeptReceiveBuffer)
                    message = new ArrayBufferWriter<byte>(1024);
                else
                    message.ResetWrittenCount();
            }
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
        }
        BeginClose(CloseReason.Normal);
    }

    private async Task AnswerAsync(ReadOnlyMemory<byte> text)
    {
        byte[] answer;
        using (var response = new ResponseBuffer(_limits.MaxResponseBytes))
        {
            _dispatcher.Answer(text, response, this);
            answer = response.Written.ToArray();
        }
        if (answer.Length > 0)
        {
            Interlocked.Add(ref _queuedBytes, answer.Length);
            await _outgoing.Writer.WriteAsync(answer, _cut.Token);
        }
        foreach (var action in _afterAnswer)
            action();
        _afterAnswer.Clear();
    }

    /// <summary>Sends until the connection closes, then says why it does.</summary>
    private async Task SendAsync()
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync(_cut.Token))
            {
                if (_closeReason == CloseReason.TooSlow)
                    break;
                await _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, _cut.Token);
                Interlocked.Add(ref _queuedBytes, -message.Length);
            }
            if (_closeReason is { } reason && _socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await _socket.CloseOutputAsync(reason.Status, reason.Text, _cut.Token);
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
            BeginClose(CloseReason.Normal);
            _socket.Abort();
        }
    }

    /// <returns>Whether this call was the first, whose reason counts.</returns>
    private bool BeginClose(CloseReason reason)
    {
        if (Interlocked.CompareExchange(ref _closeReason, reason, null) is not null)
            return false;
        _outgoing.Writer.TryComplete();
        _closed.Cancel();
        _cut.CancelAfter(CloseTimeout);
        return true;
    }

    private static bool IsEndOfConnection(Exception exception) =>
        exception is WebSocketException or OperationCanceledException or ChannelClosedException or IOException or ObjectDisposedException;

    [LoggerMessage(Level = LogLevel.Warning, Message = "A WebSocket client was dropped: it read its events too slowly")]
    private partial void LogDropped();
}
