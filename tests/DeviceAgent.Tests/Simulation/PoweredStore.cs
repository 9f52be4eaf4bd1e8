using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>A store on a device whose power may fail. A torn replacement leaves half a temporary file.</summary>
internal sealed class PoweredStore(string directory, PowerSupply power) : IDurableStore
{
    private readonly FileDurableStore _files = new(directory);

    /// <summary>Whether the next replacement of a boot record fails although it was made, as when the flush after the rename does.</summary>
    public bool FailsOnceDone { get; set; }

    public byte[]? Read(string name) => _files.Read(name);

    public void Replace(string name, ReadOnlySpan<byte> content)
    {
        byte[] copy = content.ToArray();
        power.Perform(
            () => _files.Replace(name, copy),
            () =>
            {
                string temporary = Path.Combine(directory, name) + ".new";
                Directory.CreateDirectory(Path.GetDirectoryName(temporary)!);
                File.WriteAllBytes(temporary, copy[..(copy.Length / 2)]);
            });
        if (FailsOnceDone && name.StartsWith("boot/", StringComparison.Ordinal))
        {
            FailsOnceDone = false;
            throw new IOException("the flush failed");
        }
    }

    public void Delete(string name) => power.Perform(() => _files.Delete(name), static () => { });
}
