namespace Fota.UpdateServer.Storage.Postgres;

/// <summary>Whether a newer program beside this one has ruled it out while it runs.</summary>
internal sealed class RuledOut(IHostApplicationLifetime lifetime, ILogger<RuledOut> log)
{
    private volatile string? _why;

    /// <summary>Why; null while it may go on.</summary>
    public string? Why => _why;

    /// <summary>Ends the server where the database's schema rules its program out: it would do what the others have learnt not to do.</summary>
    /// <param name="version">The schema's.</param>
    /// <param name="oldestProgram">The oldest program that can work with it.</param>
    public void Look(long version, long oldestProgram)
    {
        if (PostgresSchema.WhyNot(version, oldestProgram) is { } why)
        {
            _why = why;
            Log.RuledOut(log, why);
            lifetime.StopApplication();
        }
    }
}
