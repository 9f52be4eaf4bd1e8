using System.Security.Cryptography;
using Fota.Interop.Posix;

namespace Fota.TestKit.Media;

/// <summary>
/// A disk in memory that can lose power. What is seen and what is durable are kept apart: a write, length or name is durable once it was flushed, and
/// until then <see cref="AfterCut"/> keeps any part of it. docs/power-cuts.md says what is simulated and what is not. Not for use by several threads.
/// </summary>
public sealed class SimulatedMedium : IFileSystem
{
    /// <summary>Bytes that are written as a whole.</summary>
    public const int SectorSize = 512;

    internal static readonly byte[] EmptySector = new byte[SectorSize];

    // Told apart by reference: reading this one fails.
    private static readonly byte[] s_unreadable = new byte[SectorSize];

    private readonly DirectoryNode _root;
    private readonly List<PendingChange> _pending = [];

    public SimulatedMedium()
        : this(new DirectoryNode(), 0)
    {
    }

    private SimulatedMedium(DirectoryNode root, int allocated)
    {
        _root = root;
        Allocated = allocated;
    }

    /// <summary>Operations so far.</summary>
    public int Operations { get; private set; }

    /// <summary>Sectors that were ever given to a file. None is given twice, so that a bad one stays what it is.</summary>
    public int Allocated { get; private set; }

    /// <summary>Asked before every operation.</summary>
    public Func<MediumStep, MediumFault> Begins { get; set; } = static _ => MediumFault.None;

    /// <summary>Told after every operation that did not fail.</summary>
    public Action<MediumStep> Done { get; set; } = static _ => { };

    /// <summary>The sector, by the order of its allocation, that is bad; null for none.</summary>
    public (int Number, BadSector Kind)? Bad { get; set; }

    /// <summary>The file that has the bad sector, once one has; null before.</summary>
    public string? BadFile { get; private set; }

    /// <summary>What is seen and not durable.</summary>
    internal IReadOnlyList<PendingChange> Pending => _pending;

    /// <summary>The medium as it is when power comes back after a cut now.</summary>
    public SimulatedMedium AfterCut(MediumCut cut)
    {
        ArgumentNullException.ThrowIfNull(cut);
        MediumCopy copy = new();
        DirectoryNode root = (DirectoryNode)copy.Of(_root);
        for (int i = 0; i < _pending.Count; i++)
        {
            if (cut.Keeps(i))
            {
                _pending[i].Apply(copy.Of);
            }
            else if (cut.Torn == i && _pending[i] is SectorChange sector)
            {
                sector.Apply(copy.Of, SectorSize / 2);
            }
        }

        copy.Settle();
        return new SimulatedMedium(root, Allocated) { Bad = Bad, BadFile = BadFile };
    }

    /// <summary>Wears out the sectors of a file: reading them is EIO from now on.</summary>
    public void Decay(string path)
    {
        FileNode file = Find(path) as FileNode ?? throw new FileNotFoundException(path);
        for (int sector = 0; sector < file.Sectors.Count; sector++)
        {
            file.Sectors[sector] = s_unreadable;
        }
    }

    /// <summary>A name of all that is durable.</summary>
    public string Digest()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        MediumCopy.Describe(_root, bytes => hash.AppendData(bytes));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    public bool FileExists(string path) => Find(path) is FileNode;

    public bool DirectoryExists(string path) => Find(path) is DirectoryNode;

    public Stream? OpenForReading(string path) => Find(path) switch
    {
        FileNode file => new MediumStream(file),
        DirectoryNode => throw new UnauthorizedAccessException($"{path}: is a directory"),
        _ => null,
    };

    public IWritableFile Create(string path, UnixFileMode? mode)
    {
        (DirectoryNode directory, string name) = Locate(path);
        FileNode file = Find(path) as FileNode ?? new FileNode();
        Perform(MediumOperation.Create, path, () =>
        {
            if (directory.Names.TryAdd(name, file))
            {
                _pending.Add(new NamesChange(directory, [(name, file)]));
                return;
            }

            file.Sectors.Clear();
            file.Length = 0;
            _pending.Add(new LengthChange(file, 0));
        });
        return new Writable(this, path, file);
    }

    public IWritableFile OpenForWriting(string path) => Find(path) switch
    {
        FileNode file => new Writable(this, path, file),
        DirectoryNode => throw new UnauthorizedAccessException($"{path}: is a directory"),
        _ => Create(path, mode: null),
    };

    public void Rename(string from, string to)
    {
        (DirectoryNode directory, string name) = Locate(from);
        (DirectoryNode target, string newName) = Locate(to);
        if (directory != target || Find(from) is not FileNode file)
        {
            throw new FileNotFoundException($"{from}: no such file beside {to}");
        }

        Perform(MediumOperation.Rename, to, () =>
        {
            directory.Names.Remove(name);
            directory.Names[newName] = file;
            _pending.Add(new NamesChange(directory, [(newName, file), (name, null)]));
        });
    }

    public void Delete(string path)
    {
        if (Find(path) is not FileNode)
        {
            return;
        }

        (DirectoryNode directory, string name) = Locate(path);
        Perform(MediumOperation.Delete, path, () =>
        {
            directory.Names.Remove(name);
            _pending.Add(new NamesChange(directory, [(name, null)]));
        });
    }

    public void CreateDirectory(string path)
    {
        (DirectoryNode parent, string name) = Locate(path);
        Perform(MediumOperation.CreateDirectory, path, () =>
        {
            DirectoryNode directory = new();
            parent.Names.Add(name, directory);
            _pending.Add(new NamesChange(parent, [(name, directory)]));
        });
    }

    public void FlushDirectory(string path)
    {
        DirectoryNode directory = Find(path) as DirectoryNode ?? throw new DirectoryNotFoundException(path);
        Perform(MediumOperation.FlushDirectory, path, () => MakeDurable(directory));
    }

    private void Write(string path, FileNode file, ReadOnlySpan<byte> bytes, long offset)
    {
        byte[] all = bytes.ToArray();
        int count = all.Length;
        Perform(MediumOperation.Write, path, () => WriteSectors(path, file, all.AsSpan(0, count), offset), () => WriteSectors(path, file, all.AsSpan(0, count / 2 / SectorSize * SectorSize), offset));
    }

    private void WriteSectors(string path, FileNode file, ReadOnlySpan<byte> bytes, long offset)
    {
        long end = offset + bytes.Length;
        while (!bytes.IsEmpty)
        {
            int index = (int)(offset / SectorSize), start = (int)(offset % SectorSize), length = Math.Min(SectorSize - start, bytes.Length);
            byte[] content = [.. file.SectorAt(index)];
            bytes[..length].CopyTo(content.AsSpan(start));
            content = Stored(path, file, index, content);
            FileNode.Put(file.Sectors, index, content);
            _pending.Add(new SectorChange(file, index, content));
            bytes = bytes[length..];
            offset += length;
        }

        if (end > file.Length)
        {
            file.Length = end;
            _pending.Add(new LengthChange(file, end));
        }
    }

    private byte[] Stored(string path, FileNode file, int index, byte[] content)
    {
        while (file.Blocks.Count <= index)
        {
            file.Blocks.Add(Allocated++);
        }

        if (Bad is not { } bad || bad.Number != file.Blocks[index])
        {
            return content;
        }

        BadFile = path;
        return bad.Kind == BadSector.Unreadable ? s_unreadable : Array.ConvertAll(content, static b => (byte)(b ^ 0xFF));
    }

    private void Flush(string path, FileNode file) =>
        Perform(MediumOperation.Flush, path, () => MakeDurable(file), () => _pending.RemoveAll(change => change.Owner == file));

    private void MakeDurable(MediumNode owner)
    {
        foreach (PendingChange change in _pending.Where(change => change.Owner == owner))
        {
            change.Apply(static node => node);
        }

        _pending.RemoveAll(change => change.Owner == owner);
    }

    private void Perform(MediumOperation operation, string path, Action whole, Action? failing = null)
    {
        MediumStep step = new(Operations++, operation, path);
        MediumFault fault = Begins(step);
        bool needsRoom = operation is MediumOperation.Create or MediumOperation.Write or MediumOperation.CreateDirectory;
        switch (fault)
        {
            case MediumFault.InputOutputError:
                failing?.Invoke();
                throw new IOException($"{path}: Input/output error");
            case MediumFault.NoSpace when needsRoom:
                failing?.Invoke();
                throw new IOException($"{path}: No space left on device");
            case MediumFault.ReadOnly:
                throw new IOException($"{path}: Read-only file system");
            case MediumFault.Dropped when operation is MediumOperation.Write or MediumOperation.Flush or MediumOperation.FlushDirectory:
                break;
            default:
                whole();
                break;
        }

        Done(step);
    }

    private MediumNode? Find(string path)
    {
        MediumNode? node = _root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            node = (node as DirectoryNode)?.Names.GetValueOrDefault(name);
        }

        return node;
    }

    private (DirectoryNode Directory, string Name) Locate(string path)
    {
        int end = path.LastIndexOf('/');
        return (Find(path[..end]) as DirectoryNode ?? throw new DirectoryNotFoundException(path), path[(end + 1)..]);
    }

    private sealed class Writable(SimulatedMedium medium, string path, FileNode file) : IWritableFile
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset) => medium.Write(path, file, bytes, offset);

        public void Flush() => medium.Flush(path, file);

        public void Uncache()
        {
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Reads the medium itself: there is no cache that would hide a bad sector.</summary>
    private sealed class MediumStream(FileNode file) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => file.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = 0;
            while (read < buffer.Length && Position < file.Length)
            {
                byte[] sector = file.SectorAt((int)(Position / SectorSize));
                if (ReferenceEquals(sector, s_unreadable))
                {
                    throw new IOException("a sector: Input/output error");
                }

                int start = (int)(Position % SectorSize);
                int length = (int)Math.Min(Math.Min(SectorSize - start, buffer.Length - read), file.Length - Position);
                sector.AsSpan(start, length).CopyTo(buffer[read..]);
                read += length;
                Position += length;
            }

            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => Position + offset,
            _ => Length + offset,
        };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
