using Aivm.CrashWriter;
using Aivm.State;

// Commits numbered blocks of state changes to the store in the given directory, for as long as it is allowed to live, and prints each
// number once the store has acknowledged it. The crash tests kill it.
using var store = RocksDbStore.Open(args[0]);
var database = new StateDatabase(store);
var (number, root) = Head.Read(store);
var world = new WorldState(database, root);
using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
output.WriteLine($"opened {number}");
while (true)
{
    number++;
    foreach (var change in BlockChanges.Of(number))
        change.Apply(world);
    var batch = new WriteBatch();
    root = world.Commit(batch);
    Head.Write(batch, number, root);
    store.Write(batch);
    output.WriteLine(number);
}
