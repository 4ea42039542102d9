using System.Diagnostics;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.Tests.State;

public sealed class RocksDbStoreTests : KeyValueStoreSuite, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private int _opened;

    public void Dispose() => _directory.Dispose();

    protected override IKeyValueStore OpenEmpty() => RocksDbStore.Open(_directory[$"{_opened++}"]);

    [Fact]
    public void What_was_written_is_there_after_reopening()
    {
        using (var store = RocksDbStore.Open(_directory["data"]))
            Write(store, batch => batch.Put([0x77], [1, 2, 3]));
        using var reopened = RocksDbStore.Open(_directory["data"]);
        Assert.Equal([1, 2, 3], reopened.Get([0x77]));
    }

    [Fact]
    public void A_store_of_another_version_is_refused_with_both_versions()
    {
        using (var store = RocksDbStore.Open(_directory["data"]))
            Write(store, batch => batch.Put([StoreKeys.Version], [0, 0, 0, 9]));
        var error = Refused("store-version", () => RocksDbStore.Open(_directory["data"]));
        Assert.Contains("has version 9, this program reads version 1", error.Message);
        // A second attempt meets the same refusal, not a lock that the first one left behind.
        Refused("store-version", () => RocksDbStore.Open(_directory["data"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("0000000001")]
    public void A_store_whose_version_is_unreadable_is_refused(string version)
    {
        using (var store = RocksDbStore.Open(_directory["data"]))
            Write(store, batch => batch.Put([StoreKeys.Version], Convert.FromHexString(version)));
        Refused("store-version", () => RocksDbStore.Open(_directory["data"]));
    }

    [Fact]
    public void A_store_with_content_but_without_a_version_is_refused()
    {
        using (var store = RocksDbStore.Open(_directory["data"]))
        {
            Write(store, batch =>
            {
                batch.Delete([StoreKeys.Version]);
                batch.Put([0x77], [1]);
            });
        }
        var error = Refused("store-version", () => RocksDbStore.Open(_directory["data"]));
        Assert.Contains("no readable version", error.Message);
    }

    [Fact]
    public void A_directory_in_use_is_refused()
    {
        using var store = RocksDbStore.Open(_directory["data"]);
        Refused("data-dir-in-use", () => RocksDbStore.Open(_directory["data"]));
    }

    [Fact]
    public void A_path_that_is_a_file_is_refused()
    {
        File.WriteAllText(_directory["data"], "");
        Refused("data-dir-invalid", () => RocksDbStore.Open(_directory["data"]));
    }

    [Fact]
    public void A_directory_that_cannot_be_written_is_refused()
    {
        using var disk = SmallDisk.Mount(_directory["disk"], "16m");
        using (RocksDbStore.Open(disk["data"], reserve: 0))
        {
        }
        disk.MakeReadOnly();
        Refused("data-dir-read-only", () => RocksDbStore.Open(disk["data"], reserve: 0));
        Refused("data-dir-read-only", () => RocksDbStore.Open(disk["new"], reserve: 0));
    }

    [Fact]
    public void A_disk_without_the_reserve_refuses_writes_and_keeps_reading()
    {
        using var disk = SmallDisk.Mount(_directory["disk"], "64m");
        using var store = RocksDbStore.Open(disk["data"], reserve: 16L << 20);
        Write(store, batch => batch.Put([0x77], [1]));
        disk.Fill("40m");

        Refused("disk-full", () => Write(store, batch => batch.Put([0x77], [2])));
        Assert.Equal([1], store.Get([0x77]));

        disk.Empty();
        Write(store, batch => batch.Put([0x77], [3]));
        Assert.Equal([3], store.Get([0x77]));
    }

    [Fact]
    public void A_disk_that_fills_up_under_the_store_loses_nothing_that_was_acknowledged()
    {
        using var disk = SmallDisk.Mount(_directory["disk"], "128m");
        var value = new byte[50_000];
        new Random(7).NextBytes(value);
        var acknowledged = 0ul;
        using (var store = RocksDbStore.Open(disk["data"], reserve: 0))
        {
            disk.Fill("100m");
            Refused("disk-full", () =>
            {
                for (; ; acknowledged++)
                    Write(store, batch => batch.Put(StoreKeys.Of(0x77, acknowledged), value));
            });
            Assert.True(acknowledged > 0);
            AssertAllThere(store);

            disk.Empty();
            Write(store, batch => batch.Put([0x78], [1]));
            AssertAllThere(store);
        }
        using var reopened = RocksDbStore.Open(disk["data"], reserve: 0);
        AssertAllThere(reopened);
        Assert.Equal([1], reopened.Get([0x78]));

        void AssertAllThere(RocksDbStore store)
        {
            for (var i = 0ul; i < acknowledged; i++)
                Assert.Equal(value, store.Get(StoreKeys.Of(0x77, i)));
        }
    }

    [Fact]
    public void A_write_ahead_log_that_ends_early_opens_with_a_prefix_of_the_batches()
    {
        using (var store = RocksDbStore.Open(_directory["data"]))
        {
            for (var i = 0ul; i < 20; i++)
            {
                Write(store, batch =>
                {
                    batch.Put(StoreKeys.Of(0x77, i), new byte[100]);
                    batch.Put(StoreKeys.Of(0x78, i), new byte[100]);
                });
            }
        }
        var log = Assert.Single(Directory.GetFiles(_directory["data"], "*.log"));
        var content = File.ReadAllBytes(log);
        for (var length = content.Length - 1; length > 0; length -= 517)
        {
            CopyStore(_directory["data"], _directory[$"cut-{length}"]);
            File.WriteAllBytes(Path.Combine(_directory[$"cut-{length}"], Path.GetFileName(log)), content[..length]);
            var lostVersion = length < 60;
            if (lostVersion)
                continue;
            using var store = RocksDbStore.Open(_directory[$"cut-{length}"]);
            var first = store.Scan([0x77]).Count();
            Assert.Equal(first, store.Scan([0x78]).Count());
            Assert.Equal(Enumerable.Range(0, first).Select(i => StoreKeys.Of(0x77, (ulong)i)), store.Scan([0x77]).Select(pair => pair.Key));
        }
    }

    [Fact]
    public void A_table_file_with_changed_bytes_is_reported_as_corrupt()
    {
        using (var store = RocksDbStore.Open(_directory["data"]))
        {
            Write(store, batch =>
            {
                for (var i = 0ul; i < 2000; i++)
                    batch.Put(StoreKeys.Of(0x77, i), Keccak.Hash(BitConverter.GetBytes(i)).ToArray());
            });
        }
        // Opening turns the log into a table.
        using (RocksDbStore.Open(_directory["data"]))
        {
        }
        foreach (var file in Directory.GetFiles(_directory["data"], "*.sst"))
        {
            var content = File.ReadAllBytes(file);
            for (var i = content.Length / 4; i < content.Length / 2; i += 64)
                content[i] ^= 0x40;
            File.WriteAllBytes(file, content);
        }
        Refused("store-corrupt", () =>
        {
            using var store = RocksDbStore.Open(_directory["data"]);
            for (var i = 0ul; i < 2000; i++)
                store.Get(StoreKeys.Of(0x77, i));
        });
    }

    private static void CopyStore(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static Error Refused(string code, Action action)
    {
        var exception = Assert.Throws<AivmException>(action);
        Assert.Equal(code, exception.Error.Code);
        Assert.Equal(Failure.Environment, exception.Failure);
        return exception.Error;
    }

    /// <summary>A file system of its own in memory, which takes root to mount.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string _path;

        private SmallDisk(string path) => _path = path;

        public string this[string name] => Path.Combine(_path, name);

        public static SmallDisk Mount(string path, string size)
        {
            Directory.CreateDirectory(path);
            if (!OperatingSystem.IsLinux() || Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", path) != 0)
                Assert.Skip("needs the right to mount a tmpfs");
            return new SmallDisk(path);
        }

        public void MakeReadOnly() => Assert.Equal(0, Run("mount", "-o", "remount,ro", _path));

        public void Fill(string size) => Assert.Equal(0, Run("fallocate", "-l", size, this["filler"]));

        public void Empty() => File.Delete(this["filler"]);

        public void Dispose() => Run("umount", "-l", _path);

        private static int Run(string program, params string[] arguments)
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
                process.StandardError.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return -1;
            }
        }
    }
}
