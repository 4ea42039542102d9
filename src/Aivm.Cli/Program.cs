Console.WriteLine("aivm");
