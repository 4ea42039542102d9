using System.Globalization;
using Aivm.Cli.Output;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Accounts;

/// <summary>The account that signs and pays.</summary>
internal static class Payer
{
    /// <param name="from">An address, a number of <c>account list</c>, or null for the obvious one.</param>
    /// <param name="maxGasPrice">Wei; null: what gas costs when a transaction is sent.</param>
    public static async Task<Wallet> OpenAsync(
        RpcClient rpc, string? from, FileInfo? passwordFile, Terminal terminal, CancellationToken cancellation, UInt256? maxGasPrice = null)
    {
        var isDevelopment = await rpc.GetChainIdAsync(cancellation) == DevChain.ChainId;
        if (isDevelopment && DevAccountOf(from) is { } known)
            return new Wallet(rpc, known.Key.Span) { MaxGasPrice = maxGasPrice };

        var address = Choose(from, AccountHome.Keystore.List());
        var key = AccountHome.Keystore.Load(address, Password.Existing(passwordFile, terminal));
        try
        {
            return new Wallet(rpc, key) { MaxGasPrice = maxGasPrice };
        }
        finally
        {
            Array.Clear(key);
        }
    }

    private static DevAccount? DevAccountOf(string? from)
    {
        if (from is null)
            return DevChain.Accounts[0];
        return Address.TryParse(from, out var address) ? DevChain.Accounts.FirstOrDefault(account => account.Address == address) : null;
    }

    private static Address Choose(string? from, IReadOnlyList<Address> accounts)
    {
        if (from is null)
        {
            return accounts.Count switch
            {
                1 => accounts[0],
                0 => throw new AivmException(Failure.Input, "account-required", "There is no account to pay with: make one with 'aivm account new'."),
                _ => throw new AivmException(Failure.Input, "account-required", "There are several accounts: say which one pays with --from (see 'aivm account list')."),
            };
        }
        if (Address.TryParse(from, out var address))
            return address;
        if (int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= accounts.Count)
            return accounts[number - 1];
        throw new AivmException(Failure.Input, "account-not-found", $"'{from}' is neither an address nor a number of 'aivm account list'.");
    }
}
