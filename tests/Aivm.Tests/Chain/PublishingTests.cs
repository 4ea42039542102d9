using System.Buffers.Binary;
using System.Text;
using Aivm.Chain;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Tests.Inference;
using static Aivm.Tests.Chain.ModelsFixture;
using static Aivm.Tests.Chain.TestChain;

namespace Aivm.Tests.Chain;

public class PublishingTests
{
    private static readonly byte[] Bytes = ModelsFixture.Container();
    private static readonly Hash256 Hash = Keccak.Hash(Bytes);

    [Theory]
    [InlineData(null)]
    [InlineData(100)]
    [InlineData(7)]
    public void A_model_is_published_in_one_or_several_chunks(int? chunkSize)
    {
        using var chain = new TestChain();
        var before = chain.Balance(SystemContracts.Models);
        var model = chain.Publish(Alice, Bytes, "adder", "{\"licence\":\"MIT\"}", price: 5, chunkSize);
        Assert.True(Model.TryLoad(Bytes, out var expected, out _));

        var code = chain.Reader.HeadState.GetCode(model).Span;
        Assert.Equal([0xEF, 0xA1, .. Bytes], code.ToArray());
        Assert.Equal(1UL, chain.Reader.HeadState.GetNonce(model));
        Assert.Equal(before, chain.Balance(SystemContracts.Models));
        Assert.Equal(new Address(Keccak.Hash([0xA1, .. Alice.Address.Span, .. Hash.Span]).Span[12..]), model);

        var info = new AbiReader(Read(chain, ModelsAbi.Info.BeginCall().WriteAddress(model)));
        Assert.True(info.TryReadAddress(out var owner) & info.TryReadAddress(out var publisher) & info.TryReadHash(out var hash)
            & info.TryReadString(out var name) & info.TryReadUInt32(out var version) & info.TryReadString(out var metadata)
            & info.TryReadUInt256(out var price) & info.TryReadUInt64(out var gas) & info.TryReadUInt64(out var loadGas)
            & info.TryReadUInt32(out var size) & info.TryReadUInt64(out var height) & info.TryEnd());
        Assert.Equal((Alice.Address, Alice.Address, Hash, "adder", 1u), (owner, publisher, hash, name, version));
        Assert.Equal(("{\"licence\":\"MIT\"}", (UInt256)5, expected.Gas, expected.LoadGas), (metadata, price, gas, loadGas));
        Assert.Equal(((uint)Bytes.Length, chain.Reader.Head.Number), (size, height));

        var log = Assert.Single(chain.Reader.GetTransactions(chain.Reader.Head).Single().Logs);
        Assert.Equal([ModelsAbi.ModelPublished.Topic, AbiEvent.TopicOf(model), AbiEvent.TopicOf(Alice.Address), Hash], log.Topics);
    }

    /// <summary>The limit on a model's size is of use only if each step, sealing and the first call fit one transaction.</summary>
    [Fact]
    public void A_model_of_the_largest_size_is_published_in_chunks_and_run()
    {
        const int Inputs = 4096;
        const ulong MaxGas = 1 << 25;
        var limits = ChainLimits.Default;
        var outputs = (limits.ModelBytes / Inputs) - 8;
        var container = Aivm.Inference.Container.Encode(Graphs.OfS8([Inputs], source => new DenseNode
        {
            Source = source,
            Weights = Constant.S8([outputs, Inputs], [.. Enumerable.Range(0, outputs * Inputs).Select(i => (sbyte)((i * 7 % 101) - 50))]),
            Bias = Constant.S32([outputs], new int[outputs]),
            Requantise = Requantise.To(ElementType.S8, 8),
        }));
        Assert.InRange(container.Length, limits.ModelBytes * 99 / 100, limits.ModelBytes);

        using var chain = new TestChain();
        var hash = Keccak.Hash(container);
        Assert.True(chain.Run(chain.Models(Alice, Begin(hash, container.Length), Deposit(container.Length))).Success);
        for (var offset = 0; offset < container.Length; offset += limits.ChunkBytes)
        {
            var data = container.AsSpan(offset, Math.Min(limits.ChunkBytes, container.Length - offset));
            Assert.True(chain.Run(chain.Models(Alice, Chunk(hash, offset, data), gas: MaxGas)).Success);
        }
        Assert.True(chain.Run(chain.Models(Alice, Seal(hash, "large"), gas: MaxGas)).Success);

        var run = chain.Run(chain.Models(Alice, Infer(ModelAccount.AddressOf(Alice.Address, hash), new long[Inputs]), gas: MaxGas));
        Assert.True(run.Success);
    }

    [Fact]
    public void A_name_leads_to_its_latest_version_and_to_each()
    {
        using var chain = new TestChain();
        var first = chain.Publish(Alice, ModelsFixture.Container(1), "adder");
        var second = chain.Publish(Alice, ModelsFixture.Container(2), "adder");
        var others = chain.Publish(Bob, ModelsFixture.Container(1), "adder");
        Assert.NotEqual(first, others);

        Assert.Equal(second, Resolve(chain, $"{Alice.Address}/adder"));
        Assert.Equal(first, Resolve(chain, $"{Alice.Address}/adder@1"));
        Assert.Equal(second, Resolve(chain, $"0x{Convert.ToHexString(Alice.Address.Span)}/adder@2"));
        Assert.Equal(others, Resolve(chain, $"{Bob.Address}/adder"));
        var publisher = new AbiReader(Read(chain, ModelsAbi.PublisherOf.BeginCall().WriteHash(Keccak.Hash(ModelsFixture.Container(1)))));
        Assert.True(publisher.TryReadAddress(out var firstPublisher));
        Assert.Equal(Alice.Address, firstPublisher);

        Assert.Equal<UInt256>(3, ReadNumber(chain, ModelsAbi.ModelCount.BeginCall()));
        Assert.Equal<UInt256>(2, ReadNumber(chain, ModelsAbi.VersionCount.BeginCall().WriteString($"{Alice.Address}/adder")));
        Assert.Equal(
            [first, second, others],
            Enumerable.Range(0, 3).Select(i => ReadAddress(chain, ModelsAbi.ModelAt.BeginCall().WriteUInt((ulong)i))));
        Assert.Equal("IndexOutOfRange", chain.Revert(Alice, ModelsAbi.ModelAt.BeginCall().WriteUInt(3).ToArray()));
    }

    [Theory]
    [InlineData("/adder@3")]
    [InlineData("/adder@0")]
    [InlineData("/adder@01")]
    [InlineData("/adder@")]
    [InlineData("/other")]
    [InlineData("adder")]
    [InlineData("")]
    public void An_unknown_name_is_not_found(string rest)
    {
        using var chain = new TestChain();
        chain.Publish(Alice, Bytes, "adder");
        Assert.Equal("ModelNotFound", chain.Revert(Alice, ModelsAbi.Resolve.BeginCall().WriteString(Alice.Address + rest).ToArray()));
        Assert.Equal("ModelNotFound", chain.Revert(Alice, ModelsAbi.Resolve.BeginCall().WriteString(rest).ToArray()));
    }

    [Fact]
    public void Begin_refuses_by_name()
    {
        using var chain = new TestChain();
        Assert.Equal("InvalidSize", chain.Revert(Alice, Begin(Hash, 0)));
        Assert.Equal("InvalidSize", chain.Revert(Alice, Begin(Hash, (8 << 20) + 1), Deposit((8 << 20) + 1)));
        Assert.Equal("WrongDeposit", chain.Revert(Alice, Begin(Hash, 100), Deposit(100) - UInt256.One));
        Assert.Equal("WrongDeposit", chain.Revert(Alice, Begin(Hash, 100), Deposit(100) + UInt256.One));
        chain.Run(chain.Models(Alice, Begin(Hash, 100), Deposit(100)));
        Assert.Equal("UploadExists", chain.Revert(Alice, Begin(Hash, 100), Deposit(100)));
        chain.Publish(Bob, Bytes);
        Assert.Equal("AlreadyPublished", chain.Revert(Bob, Begin(Hash, Bytes.Length), Deposit(Bytes.Length)));
    }

    [Fact]
    public void Chunks_come_in_order_and_a_stored_one_may_come_again()
    {
        using var chain = new TestChain();
        Assert.Equal("UploadNotFound", chain.Revert(Alice, Chunk(Hash, 0, [1])));
        chain.Run(chain.Models(Alice, Begin(Hash, 10), Deposit(10)));
        Assert.Equal("ChunkOutOfOrder", chain.Revert(Alice, Chunk(Hash, 4, [1])));
        Assert.Equal("WrongChunkLength", chain.Revert(Alice, Chunk(Hash, 0, [])));
        Assert.Equal("WrongChunkLength", chain.Revert(Alice, Chunk(Hash, 0, new byte[11])));
        Assert.True(chain.Run(chain.Models(Alice, Chunk(Hash, 0, [1, 2, 3, 4]))).Success);
        Assert.Equal("WrongChunkLength", chain.Revert(Alice, Chunk(Hash, 4, [5, 6, 7])));
        Assert.Equal("WrongChunkLength", chain.Revert(Alice, Chunk(Hash, 4, [5, 6, 7, 8, 9])));
        Assert.Equal("ChunkMismatch", chain.Revert(Alice, Chunk(Hash, 0, [1, 2, 3, 5])));
        Assert.Equal("ChunkOutOfOrder", chain.Revert(Alice, Chunk(Hash, 1, [1, 2, 3, 4])));
        var again = chain.Run(chain.Models(Alice, Chunk(Hash, 0, [1, 2, 3, 4])));
        Assert.True(again.Success);
        Assert.Empty(again.Logs);
        Assert.True(chain.Run(chain.Models(Alice, Chunk(Hash, 4, [5, 6, 7, 8]))).Success);
        Assert.Equal("UploadIncomplete", chain.Revert(Alice, Seal(Hash, "x")));
        Assert.True(chain.Run(chain.Models(Alice, Chunk(Hash, 8, [9, 10]))).Success);

        var upload = new AbiReader(Read(chain, ModelsAbi.Upload.BeginCall().WriteAddress(Alice.Address).WriteHash(Hash)));
        Assert.True(upload.TryReadUInt32(out var size) & upload.TryReadUInt32(out var received) & upload.TryReadUInt32(out var chunkSize));
        Assert.Equal((10u, 10u, 4u), (size, received, chunkSize));
    }

    [Fact]
    public void An_upload_has_a_bounded_number_of_chunks()
    {
        using var chain = new TestChain();
        chain.Run(chain.Models(Alice, Begin(Hash, 2570), Deposit(2570)));
        Assert.Equal("WrongChunkLength", chain.Revert(Alice, Chunk(Hash, 0, new byte[10])));
        Assert.True(chain.Run(chain.Models(Alice, Chunk(Hash, 0, new byte[11]))).Success);
    }

    [Fact]
    public void Stored_bytes_cost_20_gas_each()
    {
        using var chain = new TestChain();
        chain.Run(chain.Models(Alice, Begin(Hash, 20_000), Deposit(20_000)));
        var one = chain.Call(Alice.Address, SystemContracts.Models, Chunk(Hash, 0, new byte[9_984])).GasUsed;
        var twice = chain.Call(Alice.Address, SystemContracts.Models, Chunk(Hash, 0, new byte[19_968])).GasUsed;
        Assert.Equal((20UL + 4) * 9_984 + 3 * 312, twice - one);
    }

    [Fact]
    public void Seal_refuses_by_name()
    {
        using var chain = new TestChain();
        Assert.Equal("UploadNotFound", chain.Revert(Alice, Seal(Hash, "x")));
        chain.Run(chain.Models(Alice, Begin(Hash, Bytes.Length), Deposit(Bytes.Length)));
        chain.Run(chain.Models(Alice, Chunk(Hash, 0, new byte[Bytes.Length])));
        foreach (var name in new[] { "", "Upper", "-x", "a/b", "a@1", "é", new string('a', 65) })
            Assert.Equal("InvalidName", chain.Revert(Alice, Seal(Hash, name)));
        Assert.Equal("MetadataTooLong", chain.Revert(Alice, Seal(Hash, "x", new string('m', (16 << 10) + 1))));
        var invalid = ModelsAbi.Seal.BeginCall().WriteHash(Hash).WriteString("x").WriteBytes([0xFF]).WriteUInt(0);
        Assert.Equal("InvalidMetadata", chain.Revert(Alice, invalid.ToArray()));
        Assert.Equal("HashMismatch", chain.Revert(Alice, Seal(Hash, "x")));

        var garbage = Encoding.UTF8.GetBytes("this is not a container");
        var garbageHash = Keccak.Hash(garbage);
        chain.Run(chain.Models(Alice, Begin(garbageHash, garbage.Length), Deposit(garbage.Length)));
        chain.Run(chain.Models(Alice, Chunk(garbageHash, 0, garbage)));
        Assert.Equal("InvalidModel", chain.Revert(Alice, Seal(garbageHash, "x")));
        Assert.True(chain.Run(chain.Models(Alice, Reclaim(Alice.Address, garbageHash))).Success);
    }

    [Fact]
    public void Sealing_charges_for_the_container_before_it_looks_at_it()
    {
        using var chain = new TestChain();
        var large = LargeContainer(60_000);
        var hash = Keccak.Hash(large);
        chain.Run(chain.Models(Alice, Begin(hash, large.Length), Deposit(large.Length)));
        chain.Run(chain.Models(Alice, Chunk(hash, 0, large)));
        var call = chain.Call(Alice.Address, SystemContracts.Models, Seal(hash, "x"), gas: 60_000 + (ulong)large.Length).Call;
        Assert.Equal("out-of-gas", call.Error!.Code);
        Assert.Equal(CallStatus.Halted, call.Status);
    }

    /// <summary>A container of a few kilobytes can ask for a hundred megabytes of tables: validators do no more than is paid for.</summary>
    [Fact]
    public void Sealing_a_small_container_that_is_heavy_to_load_takes_all_the_gas_and_nothing_else()
    {
        using var chain = new TestChain();
        var entries = Constant.S16([2], [1, 2]);
        var heavy = Aivm.Inference.Container.Encode(Graphs.OfS16(
            [1], [.. Enumerable.Repeat<Func<int, GraphNode>>(source => new TableNode { Source = source, Low = 0, Entries = entries }, 900)]));
        Assert.True(heavy.Length < 10_000);
        var hash = Keccak.Hash(heavy);
        chain.Run(chain.Models(Alice, Begin(hash, heavy.Length), Deposit(heavy.Length)));
        chain.Run(chain.Models(Alice, Chunk(hash, 0, heavy)));
        var call = chain.Call(Alice.Address, SystemContracts.Models, Seal(hash, "heavy"), gas: 1_000_000).Call;
        Assert.Equal((CallStatus.Halted, 0UL), (call.Status, call.GasLeft));
        Assert.Matches("^out of gas: .*loading takes more than [0-9]+ gas", call.Error!.Message);
        Assert.False(chain.Run(chain.Models(Alice, Seal(hash, "heavy"), gas: 1_000_000)).Success);
        Assert.True(chain.Run(chain.Models(Alice, Reclaim(Alice.Address, hash))).Success);
    }

    /// <summary>A fault at the end of a container is found after all the work: it is no cheaper than a model.</summary>
    [Fact]
    public void A_container_that_is_refused_costs_the_loading_until_then()
    {
        using var chain = new TestChain();
        var clamps = Enumerable.Repeat<Func<int, GraphNode>>(source => new ClampNode { Source = source, Low = 0, High = 1 }, 200).ToArray();
        var container = Aivm.Inference.Container.Encode(Graphs.Of([1], clamps));
        // The only output reads a value that does not exist.
        var output = container.AsSpan().LastIndexOf("y"u8) + 1;
        BinaryPrimitives.WriteUInt16LittleEndian(container.AsSpan(output), 999);
        Assert.False(Model.TryLoadKnown(container, Keccak.Hash(container), ModelLimits.OnChain, out _, out var gas, out var error));
        Assert.Equal("graph-reference", error.Code);
        Assert.InRange(gas, 800_000UL, 2_000_000UL);

        var hash = Keccak.Hash(container);
        chain.Run(chain.Models(Alice, Begin(hash, container.Length), Deposit(container.Length)));
        chain.Run(chain.Models(Alice, Chunk(hash, 0, container)));
        var call = chain.Call(Alice.Address, SystemContracts.Models, Seal(hash, "x"), gas: Gas);
        Assert.Equal("InvalidModel", call.Call.Error!.Code);
        Assert.InRange(call.GasUsed, gas, gas + 150_000);
        Assert.Equal(CallStatus.Halted, chain.Call(Alice.Address, SystemContracts.Models, Seal(hash, "x"), gas: gas).Call.Status);
    }

    [Fact]
    public void Sealing_costs_what_the_first_call_of_the_model_will_cost_to_load_it()
    {
        using var chain = new TestChain();
        Assert.True(Model.TryLoad(Bytes, out var model, out _));
        chain.Run(chain.Models(Alice, Begin(Hash, Bytes.Length), Deposit(Bytes.Length)));
        chain.Run(chain.Models(Alice, Chunk(Hash, 0, Bytes)));
        var before = chain.Call(Alice.Address, SystemContracts.Models, Seal(Hash, "x"), gas: Gas).Call;
        Assert.True(before.IsSuccess);
        Assert.True(Gas - before.GasLeft > model.LoadGas + (ulong)Bytes.Length);
    }

    [Fact]
    public void An_upload_expires_and_then_whoever_removes_it_gets_the_deposit()
    {
        var genesis = DefaultGenesis with { Limits = new ChainLimits { UploadLifetime = 5 } };
        using var chain = new TestChain(genesis);
        chain.Run(chain.Models(Alice, Begin(Hash, 100), Deposit(100)));
        chain.Run(chain.Models(Alice, Chunk(Hash, 0, new byte[50])));
        Assert.Equal("UploadNotExpired", chain.Revert(Bob, Reclaim(Alice.Address, Hash)));
        Assert.Equal("UploadNotFound", chain.Revert(Bob, Reclaim(Bob.Address, Hash)));
        while (chain.Reader.Head.Number < 7)
            chain.Mine();
        Assert.Equal("UploadExpired", chain.Revert(Alice, Chunk(Hash, 50, new byte[50])));
        Assert.Equal("UploadExpired", chain.Revert(Alice, Seal(Hash, "x")));
        var balance = chain.Balance(Bob.Address);
        var mined = chain.Run(chain.Models(Bob, Reclaim(Alice.Address, Hash)));
        Assert.True(mined.Success);
        Assert.Equal(balance + Deposit(100) - mined.GasPrice * mined.GasUsed, chain.Balance(Bob.Address));
        AssertNoStorageButTheCounters(chain);
    }

    [Fact]
    public void A_publisher_may_give_up_an_upload_at_any_time_and_begin_again()
    {
        using var chain = new TestChain();
        chain.Run(chain.Models(Alice, Begin(Hash, 100), Deposit(100)));
        chain.Run(chain.Models(Alice, Chunk(Hash, 0, new byte[50])));
        Assert.True(chain.Run(chain.Models(Alice, Reclaim(Alice.Address, Hash))).Success);
        AssertNoStorageButTheCounters(chain);
        Assert.Equal(UInt256.Zero, chain.Balance(SystemContracts.Models));
        chain.Publish(Alice, Bytes);
    }

    [Fact]
    public void Only_the_owner_sets_the_price_and_hands_the_model_on()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes, price: 5);
        var setPrice = ModelsAbi.SetPrice.BeginCall().WriteAddress(model).WriteUInt(9).ToArray();
        var handOn = ModelsAbi.TransferOwnership.BeginCall().WriteAddress(model).WriteAddress(Bob.Address).ToArray();
        Assert.Equal("NotOwner", chain.Revert(Bob, setPrice));
        Assert.Equal("NotOwner", chain.Revert(Bob, handOn));
        Assert.Equal("InvalidOwner", chain.Revert(Alice, ModelsAbi.TransferOwnership.BeginCall().WriteAddress(model).WriteAddress(Address.Zero).ToArray()));
        Assert.True(chain.Run(chain.Models(Alice, handOn)).Success);
        Assert.Equal("NotOwner", chain.Revert(Alice, setPrice));
        Assert.True(chain.Run(chain.Models(Bob, setPrice)).Success);
        Assert.Equal<UInt256>(9, ReadNumber(chain, ModelsAbi.PriceOf.BeginCall().WriteAddress(model)));
        Assert.Equal(Bob.Address, ReadAddress(chain, ModelsAbi.OwnerOf.BeginCall().WriteAddress(model)));
        Assert.Equal("NotAModel", chain.Revert(Bob, ModelsAbi.SetPrice.BeginCall().WriteAddress(Bob.Address).WriteUInt(9).ToArray()));
    }

    [Fact]
    public void Long_names_and_texts_come_back_as_they_were()
    {
        using var chain = new TestChain();
        foreach (var length in new[] { 31, 32, 33, 64 })
        {
            var name = new string('n', length);
            var text = new string('m', length * 200);
            var model = chain.Publish(Alice, ModelsFixture.Container(length), name, text);
            Assert.Equal(model, Resolve(chain, $"{Alice.Address}/{name}"));
            var metadata = new AbiReader(Read(chain, ModelsAbi.MetadataOf.BeginCall().WriteAddress(model)));
            Assert.True(metadata.TryReadString(out var stored));
            Assert.Equal(text, stored);
        }
    }

    [Fact]
    public void The_storage_is_laid_out_as_the_specification_says()
    {
        using var chain = new TestChain();
        var model = chain.Publish(Alice, Bytes, "adder", "about", price: 77);
        var start = UInt256.FromBigEndian(Keccak.Hash([.. AbiEvent.TopicOf(model).Span, .. ((UInt256)2).ToHash256().Span]).Span);
        UInt256 Slot(ulong offset) => chain.Reader.HeadState.GetStorage(SystemContracts.Models, start + offset);

        Assert.Equal(Alice.Address, new Address(Slot(0).ToHash256().Span[12..]));
        Assert.Equal(1u, (uint)(ulong)(Slot(0) >> 224));
        Assert.Equal(chain.Reader.Head.Number, (ulong)(Slot(0) << 32 >> 192));
        Assert.Equal((uint)Bytes.Length, (uint)(ulong)(Slot(1) >> 224));
        Assert.Equal(Hash, Slot(2).ToHash256());
        Assert.Equal<UInt256>(77, Slot(3));
        Assert.Equal(Keccak.Hash("about"u8), Slot(5).ToHash256());
        Assert.Equal("adder", Encoding.UTF8.GetString(Slot(6).ToHash256().Span[..5]));
        Assert.Equal(10, Slot(6).ToHash256().Span[31]);
        Assert.Equal(UInt256.One, chain.Reader.HeadState.GetStorage(SystemContracts.Models, 0));
    }

    [Fact]
    public void Calldata_must_be_the_one_encoding_of_a_known_method()
    {
        using var chain = new TestChain();
        Assert.Equal("UnknownSelector", chain.Revert(Alice, []));
        Assert.Equal("UnknownSelector", chain.Revert(Alice, [1, 2, 3]));
        Assert.Equal("UnknownSelector", chain.Revert(Alice, [1, 2, 3, 4]));
        var begin = Begin(Hash, 100);
        Assert.Equal("MalformedCalldata", chain.Revert(Alice, [.. begin, 0]));
        Assert.Equal("MalformedCalldata", chain.Revert(Alice, begin[..^1]));
        foreach (var function in new[]
        {
            ModelsAbi.Chunk, ModelsAbi.Seal, ModelsAbi.Reclaim, ModelsAbi.Infer, ModelsAbi.SetPrice, ModelsAbi.TransferOwnership,
            ModelsAbi.Resolve, ModelsAbi.VersionCount, ModelsAbi.GasOf, ModelsAbi.Info, ModelsAbi.OwnerOf, ModelsAbi.PriceOf,
            ModelsAbi.MetadataOf, ModelsAbi.PublisherOf, ModelsAbi.AddressOf, ModelsAbi.ModelAt, ModelsAbi.Upload, ModelsAbi.DepositFor,
            ModelsAbi.ReceiptHeight,
        })
        {
            var selector = Hex.Decode($"0x{function.Selector:x8}");
            Assert.Equal("MalformedCalldata", chain.Revert(Alice, selector));
        }
        Assert.Equal("ValueNotAccepted", chain.Revert(Alice, ModelsAbi.ModelCount.BeginCall().ToArray(), value: 1));
    }

    private static void AssertNoStorageButTheCounters(TestChain chain) =>
        Assert.Empty(chain.Reader.HeadState.EnumerateStorage(chain.Reader.HeadState.GetAccount(SystemContracts.Models)!.Value));

    private static byte[] Read(TestChain chain, AbiWriter call)
    {
        var result = chain.Call(Carol.Address, SystemContracts.Models, call.ToArray()).Call;
        Assert.True(result.IsSuccess, result.Error?.ToString());
        return result.Output.ToArray();
    }

    private static UInt256 ReadNumber(TestChain chain, AbiWriter call) => UInt256.FromBigEndian(Read(chain, call));

    private static Address ReadAddress(TestChain chain, AbiWriter call) => new(Read(chain, call).AsSpan(12));

    private static Address Resolve(TestChain chain, string name) => ReadAddress(chain, ModelsAbi.Resolve.BeginCall().WriteString(name));
}
