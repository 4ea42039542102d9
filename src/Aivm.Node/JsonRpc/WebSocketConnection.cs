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
    private const int ReceiveBytes = 4 << 10;

    /// <summary>Long messages go out in frames of this size, each as the client reads.</summary>
    private const int FrameBytes = 64 << 10;

    /// <summary>Answers that may wait for the client while its next request is already answered.</summary>
    private const int MaxUnreadAnswers = 1 << 20;

    /// <summary>How long a closing connection may take before it is cut.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly WebSocket _socket;
    private readonly RpcDispatcher _dispatcher;
    private readonly RpcLimits _limits;
    private readonly MemoryBudget _memory;
    private readonly ILogger _logger;
    private readonly Channel<Outgoing> _outgoing;
    private readonly Channel<bool> _answersRead =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<Action> _afterAnswer = [];
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly CancellationTokenSource _sending;
    private CloseReason? _closeReason;
    private long _unreadAnswers;
    private long _unreadEvents;

    /// <param name="Answer">The memory of an answer, given back when it is sent; null for an event.</param>
    private readonly record struct Outgoing(ReadOnlyMemory<byte> Text, MessageBuffer? Answer);

    private sealed record CloseReason(WebSocketCloseStatus Status, string Text)
    {
        public static readonly CloseReason Normal = new(WebSocketCloseStatus.NormalClosure, "");
        public static readonly CloseReason Stopping = new(WebSocketCloseStatus.EndpointUnavailable, "the node stops");
        public static readonly CloseReason TooSlow = new(WebSocketCloseStatus.PolicyViolation, "dropped: events were read too slowly");
        public static readonly CloseReason Busy = new((WebSocketCloseStatus)1013, "busy: try again later");
    }

    public WebSocketConnection(WebSocket socket, RpcDispatcher dispatcher, ILogger logger)
    {
        _socket = socket;
        _dispatcher = dispatcher;
        _limits = dispatcher.Limits;
        _logger = logger;
        _memory = dispatcher.Memory;
        _outgoing = Channel.CreateBounded<Outgoing>(new BoundedChannelOptions(_limits.MaxQueuedMessages) { SingleReader = true });
        _sending = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token);
    }

    private bool IsClosing => _closeReason is not null;

    public async Task RunAsync(CancellationToken stopping)
    {
        await using var registration = stopping.Register(() => BeginClose(CloseReason.Stopping));
        var receiving = ReceiveAsync();
        await SendAsync();
        await receiving;
        while (_outgoing.Reader.TryRead(out var unsent))
            Release(unsent);
    }

    public bool TryNotify(ReadOnlyMemory<byte> message)
    {
        if (IsClosing)
            return false;
        Interlocked.Add(ref _unreadEvents, message.Length);
        var item = new Outgoing(message, Answer: null);
        if (_memory.TryTake(message.Length))
        {
            if (Interlocked.Read(ref _unreadEvents) <= _limits.MaxQueuedBytes && _outgoing.Writer.TryWrite(item))
                return true;
            _memory.Return(message.Length);
        }
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
        _sending.Dispose();
        _closed.Dispose();
        _cut.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var message = NewMessage();
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(message.GetMemory(ReceiveBytes), _cut.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                    break;
                if (IsClosing)
                    continue;
                if (message.Length + received.Count > _limits.MaxBodyBytes)
                {
                    BeginClose(new CloseReason(WebSocketCloseStatus.MessageTooBig, $"a message holds at most {_limits.MaxBodyBytes} bytes"));
                    continue;
                }
                message.Advance(received.Count);
                if (!received.EndOfMessage)
                    continue;
                await AnswerAsync(message.Written);
                message.Truncate(0);
                if (message.Capacity > KeptReceiveBuffer)
                {
                    message.Dispose();
                    message = NewMessage();
                }
            }
        }
        catch (MessageBuffer.BusyException)
        {
            BeginClose(CloseReason.Busy);
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
        }
        finally
        {
            message.Dispose();
        }
        BeginClose(CloseReason.Normal);
    }

    /// <summary>With room for the bytes that show that a message is too long.</summary>
    private MessageBuffer NewMessage() => new(_memory, _limits.MaxBodyBytes + ReceiveBytes);

    private async Task AnswerAsync(ReadOnlyMemory<byte> text)
    {
        var answer = new MessageBuffer(_memory, _limits.MaxResponseBytes);
        _dispatcher.Answer(text, answer, this);
        if (answer.Length > 0)
            await EnqueueAsync(new Outgoing(answer.Written, answer));
        else
            answer.Dispose();
        foreach (var action in _afterAnswer)
            action();
        _afterAnswer.Clear();
        while (Interlocked.Read(ref _unreadAnswers) > MaxUnreadAnswers)
            await _answersRead.Reader.ReadAsync(_cut.Token);
    }

    private async Task EnqueueAsync(Outgoing answer)
    {
        Interlocked.Add(ref _unreadAnswers, answer.Text.Length);
        try
        {
            await _outgoing.Writer.WriteAsync(answer, _cut.Token);
        }
        catch
        {
            Release(answer);
            throw;
        }
    }

    /// <summary>Sends until the connection closes, then says why it does.</summary>
    private async Task SendAsync()
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync(_cut.Token))
            {
                try
                {
                    if (_closeReason == CloseReason.TooSlow)
                        break;
                    await SendAsync(message.Text);
                }
                finally
                {
                    Release(message);
                }
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

    private async Task SendAsync(ReadOnlyMemory<byte> text)
    {
        for (var start = 0; start < text.Length; start += FrameBytes)
        {
            var end = Math.Min(start + FrameBytes, text.Length);
            _sending.CancelAfter(_limits.RequestTimeout);
            await _socket.SendAsync(text[start..end], WebSocketMessageType.Text, endOfMessage: end == text.Length, _sending.Token);
            _sending.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private void Release(Outgoing message)
    {
        if (message.Answer is { } answer)
        {
            Interlocked.Add(ref _unreadAnswers, -message.Text.Length);
            answer.Dispose();
            _answersRead.Writer.TryWrite(true);
        }
        else
        {
            Interlocked.Add(ref _unreadEvents, -message.Text.Length);
            _memory.Return(message.Text.Length);
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
