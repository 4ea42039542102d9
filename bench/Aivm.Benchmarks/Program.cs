Console.Error.WriteLine("usage: chain");
return 2;
