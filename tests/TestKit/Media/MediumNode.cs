using System.Text;

namespace Fota.TestKit.Media;

/// <summary>A file or directory, twice: as whoever uses it sees it, and as it would be after a power cut that keeps nothing more.</summary>
internal abstract class MediumNode;

internal sealed class DirectoryNode : MediumNode
{
    public Dictionary<string, MediumNode> Names { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, MediumNode> DurableNames { get; } = new(StringComparer.Ordinal);
}

/// <summary>Sectors are never changed, only replaced, so that copies of a medium share them.</summary>
internal sealed class FileNode : MediumNode
{
    public List<byte[]> Sectors { get; init; } = [];

    public long Length { get; set; }

    public List<byte[]> DurableSectors { get; init; } = [];

    public long DurableLength { get; set; }

    /// <summary>Where each sector lies on the medium, in the order of their allocation.</summary>
    public List<int> Blocks { get; init; } = [];

    public byte[] SectorAt(int index) => index < Sectors.Count ? Sectors[index] : SimulatedMedium.EmptySector;

    public static void Put(List<byte[]> sectors, int index, byte[] content)
    {
        while (sectors.Count <= index)
        {
            sectors.Add(SimulatedMedium.EmptySector);
        }

        sectors[index] = content;
    }
}

/// <summary>A change that is seen, and not durable yet. A power cut keeps it or not, whatever it does with the others.</summary>
internal abstract record PendingChange(MediumNode Owner)
{
    /// <summary>Makes it durable on the medium that <paramref name="nodes"/> leads to.</summary>
    public abstract void Apply(Func<MediumNode, MediumNode> nodes);
}

/// <summary>A sector was written. It is the unit that a medium writes as a whole, unless it is torn itself.</summary>
internal sealed record SectorChange(FileNode File, int Index, byte[] Content) : PendingChange(File)
{
    public override void Apply(Func<MediumNode, MediumNode> nodes) => Apply(nodes, Content.Length);

    public void Apply(Func<MediumNode, MediumNode> nodes, int bytes)
    {
        FileNode file = (FileNode)nodes(File);
        byte[] content = Content;
        if (bytes < Content.Length)
        {
            content = [.. Content[..bytes], .. (Index < file.DurableSectors.Count ? file.DurableSectors[Index] : SimulatedMedium.EmptySector)[bytes..]];
        }

        FileNode.Put(file.DurableSectors, Index, content);
    }
}

/// <summary>A file has another length. Sectors that it covers and that were not kept are empty.</summary>
internal sealed record LengthChange(FileNode File, long Length) : PendingChange(File)
{
    public override void Apply(Func<MediumNode, MediumNode> nodes)
    {
        FileNode file = (FileNode)nodes(File);
        file.DurableLength = Length;
        if (Length == 0)
        {
            file.DurableSectors.Clear();
        }
    }
}

/// <summary>A directory's names changed: one for a new or deleted file, two at once for a rename.</summary>
internal sealed record NamesChange(DirectoryNode Directory, IReadOnlyList<(string Name, MediumNode? Node)> Names) : PendingChange(Directory)
{
    public override void Apply(Func<MediumNode, MediumNode> nodes)
    {
        DirectoryNode directory = (DirectoryNode)nodes(Directory);
        foreach ((string name, MediumNode? node) in Names)
        {
            if (node is null)
            {
                directory.DurableNames.Remove(name);
            }
            else
            {
                directory.DurableNames[name] = nodes(node);
            }
        }
    }
}

/// <summary>The medium that a power cut leaves: what is durable, which from then on is also what is seen.</summary>
internal sealed class MediumCopy
{
    private readonly Dictionary<MediumNode, MediumNode> _copies = new(ReferenceEqualityComparer.Instance);

    public MediumNode Of(MediumNode node)
    {
        if (_copies.TryGetValue(node, out MediumNode? known))
        {
            return known;
        }

        if (node is FileNode file)
        {
            return _copies[node] = new FileNode { DurableSectors = [.. file.DurableSectors], DurableLength = file.DurableLength, Blocks = [.. file.Blocks] };
        }

        DirectoryNode directory = new();
        _copies[node] = directory;
        foreach ((string name, MediumNode child) in ((DirectoryNode)node).DurableNames)
        {
            directory.DurableNames[name] = Of(child);
        }

        return directory;
    }

    /// <summary>Lets everything that is durable be seen.</summary>
    public void Settle()
    {
        foreach (MediumNode node in _copies.Values)
        {
            if (node is FileNode file)
            {
                file.Sectors.AddRange(file.DurableSectors);
                file.Length = file.DurableLength;
            }
            else
            {
                DirectoryNode directory = (DirectoryNode)node;
                foreach ((string name, MediumNode child) in directory.DurableNames)
                {
                    directory.Names[name] = child;
                }
            }
        }
    }

    /// <summary>Adds all that is durable below a directory to a digest, in the order of the names.</summary>
    public static void Describe(DirectoryNode directory, Action<ReadOnlySpan<byte>> add)
    {
        foreach ((string name, MediumNode node) in directory.DurableNames.OrderBy(static item => item.Key, StringComparer.Ordinal))
        {
            add(Encoding.UTF8.GetBytes(name));
            if (node is DirectoryNode child)
            {
                add("/"u8);
                Describe(child, add);
                add("\\"u8);
                continue;
            }

            FileNode file = (FileNode)node;
            add("\0"u8);
            add(BitConverter.GetBytes(file.DurableLength));
            foreach (byte[] sector in file.DurableSectors)
            {
                add(sector);
            }
        }
    }
}
