using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Aivm.Chain;
using Aivm.Node.JsonRpc;
using Aivm.Primitives;

namespace Aivm.Node.Ethereum;

internal enum SubscriptionKind
{
    NewHeads,
    Logs,
    PendingTransactions,
}

/// <summary>
/// Sends events to subscribers from a task of its own: neither a commit nor an admission ever waits for a client. Blocks are read back
/// from the chain, so that none is left out however fast they come.
/// </summary>
internal sealed class SubscriptionHub : IAsyncDisposable
{
    /// <summary>Pending transactions are news, not a record: beyond this many in waiting, the oldest are left out.</summary>
    private const int MaxWaitingTransactions = 16_384;

    private readonly ChainReader _chain;
    private readonly ConcurrentDictionary<string, Subscription> _subscriptions = new();
    private readonly Channel<Hash256> _transactions = Channel.CreateBounded<Hash256>(
        new BoundedChannelOptions(MaxWaitingTransactions) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly Channel<bool> _blocks = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Task _running;
    private ulong _announced;
    private volatile int _pendingSubscriptions;

    private sealed record Subscription(string Id, ISubscriber Subscriber, SubscriptionKind Kind, LogQuery Query)
    {
        /// <summary>Ends with the connection.</summary>
        public CancellationTokenRegistration OnClosed { get; set; }
    }

    public SubscriptionHub(ChainReader chain, int maxPerConnection)
    {
        _chain = chain;
        MaxPerConnection = maxPerConnection;
        _announced = chain.Head.Number;
        _running = Task.WhenAll(Task.Run(AnnounceBlocksAsync), Task.Run(AnnounceTransactionsAsync));
    }

    public int MaxPerConnection { get; }

    public void OnBlock() => _blocks.Writer.TryWrite(true);

    public void OnTransaction(Hash256 hash)
    {
        if (_pendingSubscriptions > 0)
            _transactions.Writer.TryWrite(hash);
    }

    public bool TryAdd(ISubscriber subscriber, SubscriptionKind kind, LogQuery query, out string id)
    {
        var subscription = new Subscription(RandomId.Next(), subscriber, kind, query);
        id = subscription.Id;
        if (subscriber.Subscriptions >= MaxPerConnection)
            return false;
        subscriber.Subscriptions++;
        subscriber.AfterAnswer(() => Activate(subscription));
        return true;
    }

    /// <summary>False when the subscription is not this connection's, or not active.</summary>
    public bool Remove(ISubscriber subscriber, string id)
    {
        if (!_subscriptions.TryGetValue(id, out var subscription) || subscription.Subscriber != subscriber || !Forget(subscription))
            return false;
        subscription.OnClosed.Unregister();
        subscriber.Subscriptions--;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        _blocks.Writer.TryComplete();
        _transactions.Writer.TryComplete();
        await _running;
    }

    private void Activate(Subscription subscription)
    {
        if (subscription.Kind == SubscriptionKind.PendingTransactions)
            Interlocked.Increment(ref _pendingSubscriptions);
        _subscriptions.TryAdd(subscription.Id, subscription);
        subscription.OnClosed = subscription.Subscriber.Closed.Register(() => Forget(subscription));
    }

    private bool Forget(Subscription subscription)
    {
        if (!_subscriptions.TryRemove(subscription.Id, out _))
            return false;
        if (subscription.Kind == SubscriptionKind.PendingTransactions)
            Interlocked.Decrement(ref _pendingSubscriptions);
        return true;
    }

    private async Task AnnounceBlocksAsync()
    {
        await foreach (var _ in _blocks.Reader.ReadAllAsync())
        {
            for (; _announced < _chain.Head.Number; _announced++)
            {
                if (!_subscriptions.IsEmpty && _chain.TryGetHeader(_announced + 1, out var header))
                    Announce(header);
            }
        }
    }

    private void Announce(ChainHeader header)
    {
        byte[]? head = null;
        List<MinedLog>? logs = null;
        foreach (var subscription in _subscriptions.Values)
        {
            if (subscription.Kind == SubscriptionKind.NewHeads)
            {
                head ??= Serialize(json => BlockJson.WriteHeader(json, header));
                Notify(subscription, head);
            }
            else if (subscription.Kind == SubscriptionKind.Logs && !header.Header.Bloom.IsEmpty)
            {
                logs ??= [.. _chain.GetLogs(header)];
                var filter = subscription.Query.Over(header.Number, header.Number);
                foreach (var log in logs.Where(candidate => filter.Matches(candidate.Log)))
                    Notify(subscription, Serialize(json => ReceiptJson.WriteLog(json, log)));
            }
        }
    }

    private async Task AnnounceTransactionsAsync()
    {
        await foreach (var hash in _transactions.Reader.ReadAllAsync())
        {
            var text = Serialize(json => json.WriteDataValue(hash.Span));
            foreach (var subscription in _subscriptions.Values.Where(candidate => candidate.Kind == SubscriptionKind.PendingTransactions))
                Notify(subscription, text);
        }
    }

    private void Notify(Subscription subscription, byte[] result)
    {
        var message = Serialize(json =>
        {
            json.WriteStartObject();
            json.WriteString("jsonrpc"u8, "2.0"u8);
            json.WriteString("method"u8, "eth_subscription"u8);
            json.WriteStartObject("params"u8);
            json.WriteString("subscription"u8, subscription.Id);
            json.WritePropertyName("result"u8);
            json.WriteRawValue(result, skipInputValidation: true);
            json.WriteEndObject();
            json.WriteEndObject();
        });
        if (!subscription.Subscriber.TryNotify(message))
            Forget(subscription);
    }

    private static byte[] Serialize(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        write(json);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
